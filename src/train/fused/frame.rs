//! Weights and velocities that need no step where there is no gradient.

use serde::{Deserialize, Serialize};

use super::motion::{Matrix, Motion, Pair, applied, product};

/// (θ, v) = A (p, q) for all weights of a layer.
///
/// A step is A ← M A and (p, q) ← (p, q) + A⁻¹ (b, 1) g, which leaves weights without a gradient alone. The
/// columns of A start as eigenvectors of M, if those are far enough from each other: then p and q are sums without
/// cancellation, as v decays in q and not by the difference of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// A.
    pub matrix: Matrix,
    /// A at its start.
    pub basis: Matrix,
    /// The step size that the basis belongs to; −1 before the first step.
    pub rate: f32,
}

/// How many times (θ, v) the sum of the parts may be, at the start and later.
const START_LIMIT: f64 = 4.0;
const LIMIT: f64 = 16.0;
/// The largest factor of a gradient.
const LARGEST: f64 = 1e15;

const IDENTITY: Matrix = [[1.0, 0.0], [0.0, 1.0]];

impl Frame {
    /// p = θ and q = v.
    pub(super) const START: Self = Self { matrix: IDENTITY, basis: IDENTITY, rate: -1.0 };

    /// The start of a frame for steps of `motion`.
    pub(super) fn new(motion: &Motion) -> Self {
        let basis = eigenvectors(motion.matrix).unwrap_or(IDENTITY);
        Self { matrix: basis, basis, rate: motion.rate }
    }

    /// The same frame at its start.
    pub(super) fn restarted(self) -> Self {
        Self { matrix: self.basis, ..self }
    }

    /// The frame after a step of `motion`, and what p and q get of a gradient in this step.
    pub(super) fn after(self, motion: &Motion) -> (Self, Pair) {
        let matrix = product(motion.matrix, self.matrix);
        (Self { matrix, ..self }, applied(inverse(matrix), motion.gradient))
    }

    /// Whether rounding would grow, so that the frame is to be started again.
    pub(super) fn is_spent(self) -> bool {
        let [[position, _], [_, velocity]] = self.parts();
        let largest =
            inverse(self.matrix).as_flattened().iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        !(position <= LIMIT && velocity <= LIMIT && largest <= LARGEST)
    }

    /// |A| |A⁻¹|: how large the parts are whose sums are θ and v, in terms of |θ| and |v|.
    pub(super) fn parts(self) -> Matrix {
        parts(self.matrix)
    }

    /// What turns (p, q) of this frame into those of `other`.
    pub(super) fn into_frame(self, other: Self) -> Matrix {
        product(inverse(other.matrix), self.matrix)
    }

    /// (p, q) of (θ, v).
    pub(super) fn coordinates(self, pair: Pair) -> Pair {
        applied(inverse(self.matrix), pair)
    }

    /// A in single precision, row by row.
    pub(super) fn factors(self) -> [f32; 4] {
        let [[a, b], [c, d]] = self.matrix;
        [a, b, c, d].map(|factor| factor as f32)
    }
}

/// The eigenvectors of a step as columns, the slow one with θ = 1 and the fast one with v = 1; `None` if they are
/// complex or too close to each other.
fn eigenvectors([[a, b], [c, d]]: Matrix) -> Option<Matrix> {
    let half = 0.5 * (a - d);
    let root = (half * half + b * c).sqrt();
    let (slow, fast) = (0.5 * (a + d) + root, 0.5 * (a + d) - root);
    let vectors = [[1.0, b / (fast - a)], [c / (slow - d), 1.0]];
    let [[position, _], [_, velocity]] = parts(vectors);
    (position <= START_LIMIT && velocity <= START_LIMIT).then_some(vectors)
}

fn inverse([[a, b], [c, d]]: Matrix) -> Matrix {
    let determinant = a * d - b * c;
    [[d / determinant, -b / determinant], [-c / determinant, a / determinant]]
}

fn parts(matrix: Matrix) -> Matrix {
    let absolute = |matrix: Matrix| matrix.map(|row| row.map(f64::abs));
    product(absolute(matrix), absolute(inverse(matrix)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::OptimizerSettings;

    /// Gradients far apart and a frame that is started again where it is spent: the same as step by step.
    #[test]
    fn a_frame_makes_the_steps_of_its_motion() {
        for (momentum, weight_decay, nesterov) in
            [(0.9, 0.0, false), (0.9, 0.5, false), (0.99, 2e-3, false), (0.01, 0.1, true)]
        {
            let settings = OptimizerSettings {
                momentum,
                weight_decay,
                nesterov,
                ..OptimizerSettings::default()
            };
            let motion = Motion::new(settings.optimizer().unwrap(), 0.02).unwrap();
            let (mut state, mut frame) = ([1.0, 0.5], Frame::new(&motion));
            let (mut coordinates, mut restarts) = (frame.coordinates(state), 0);
            for step in 0..9000 {
                let gradient = if step % 7 == 0 { f64::from(step % 5) - 2.0 } else { 0.0 };
                state = applied(motion.matrix, state);
                let (next, gain) = frame.after(&motion);
                frame = next;
                for i in 0..2 {
                    state[i] += motion.gradient[i] * gradient;
                    coordinates[i] += gain[i] * gradient;
                }
                if frame.is_spent() {
                    let restarted = frame.restarted();
                    coordinates = applied(frame.into_frame(restarted), coordinates);
                    (frame, restarts) = (restarted, restarts + 1);
                }
                let found = applied(frame.matrix, coordinates);
                let size = state[0].abs() + state[1].abs() + 1e-3;
                let error = (found[0] - state[0]).abs() + (found[1] - state[1]).abs();
                assert!(error < 1e-9 * size, "{settings:?}, step {step}: {found:?} {state:?}");
            }
            assert!(restarts > 0 && restarts < 5400, "{settings:?}: {restarts}");
        }
    }
}
