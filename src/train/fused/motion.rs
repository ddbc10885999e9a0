//! How parameters move with a velocity: the optimizer's step in single precision, and several steps at once.

use super::super::motion;
use crate::optimizer::Optimizer;

/// A 2 × 2 matrix, row by row, or the two numbers of (θ, v).
pub(super) type Matrix = [[f64; 2]; 2];
pub(super) type Pair = [f64; 2];

/// (θ, v) ← M (θ, v) + (b, 1) κg.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Motion {
    pub matrix: Matrix,
    /// (b, 1), or (b, 0) without momentum.
    pub gradient: Pair,
    /// κ.
    pub kick: f32,
    /// η.
    pub rate: f32,
    /// In terms of the new velocity.
    pub step: Step,
}

/// One step in two parts. The first is θ ← `kept` θ + `carried` v and v ← `decay` θ + `momentum` v; then the
/// gradient is added to v, and θ ← θ + `push` v is the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub kept: f32,
    pub carried: f32,
    pub decay: f32,
    pub momentum: f32,
    pub push: f32,
}

impl Motion {
    /// The motion of `optimizer` at step size `rate`; `None` for plain SGD.
    pub fn new(optimizer: Optimizer, rate: f32) -> Option<Self> {
        if optimizer == Optimizer::Sgd {
            return None;
        }
        let motion = motion::Motion::new(optimizer, f64::from(rate));
        let [kept, carried] = motion.carried();
        let ([_, [decay, momentum]], push) = (motion.matrix, motion.push);
        let [kept, carried, decay, momentum, push] =
            [kept, carried, decay, momentum, push].map(|factor| factor as f32);
        // Without momentum, v only takes up room and does not move.
        let (matrix, gradient) = if motion::Motion::has_velocity(optimizer) {
            (motion.matrix, [motion.push, 1.0])
        } else {
            ([motion.matrix[0], [0.0, 1.0]], [motion.push, 0.0])
        };
        Some(Self {
            matrix,
            gradient,
            kick: motion.kick as f32,
            rate,
            step: Step { kept, carried, decay, momentum, push },
        })
    }

    /// Whether parameters without gradient and velocity stay where they are.
    pub fn rests(&self) -> bool {
        self.matrix[0][0] == 1.0 && self.matrix[1][0] == 0.0
    }
}

impl Step {
    /// Whether the first part leaves θ as it is.
    pub fn keeps_position(&self) -> bool {
        self.kept == 1.0 && self.carried == 0.0
    }

    /// One number and its velocity after a step along `gradient`.
    pub fn apply(&self, position: &mut f32, velocity: &mut f32, gradient: f32) {
        let (before, v) = (*position, *velocity);
        *velocity = self.decay.mul_add(before, self.momentum * v) + gradient;
        *position = self.push.mul_add(*velocity, self.kept.mul_add(before, self.carried * v));
    }
}

/// A motion over several steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Powers {
    /// M^j.
    matrices: Vec<Matrix>,
    /// M^j (b, 1): what a gradient has become j steps after its own.
    responses: Vec<Pair>,
}

impl Powers {
    /// Those for blocks of up to `steps` steps.
    pub fn fill(&mut self, motion: &Motion, steps: usize) {
        let Self { matrices, responses } = self;
        matrices.clear();
        responses.clear();
        let (mut matrix, mut response) = ([[1.0, 0.0], [0.0, 1.0]], motion.gradient);
        for _ in 0..=steps {
            matrices.push(matrix);
            responses.push(response);
            matrix = product(motion.matrix, matrix);
            response = applied(motion.matrix, response);
        }
    }

    /// M^j in single precision, row by row.
    pub fn matrix(&self, j: usize) -> [f32; 4] {
        let [[a, b], [c, d]] = self.matrices[j];
        [a, b, c, d].map(|factor| factor as f32)
    }

    /// What (θ, v) have got, `lag` steps after its own, of a gradient of 1.
    pub fn response(&self, lag: usize) -> [f32; 2] {
        self.responses[lag].map(|factor| factor as f32)
    }
}

/// a b.
pub(super) fn product(a: Matrix, b: Matrix) -> Matrix {
    let entry = |i: usize, j: usize| a[i][0] * b[0][j] + a[i][1] * b[1][j];
    [[entry(0, 0), entry(0, 1)], [entry(1, 0), entry(1, 1)]]
}

/// a x.
pub(super) fn applied(a: Matrix, x: Pair) -> Pair {
    [a[0][0] * x[0] + a[0][1] * x[1], a[1][0] * x[0] + a[1][1] * x[1]]
}
