//! Several directions under the same steps, kept orthonormal (Benettin et al. 1980).

use faer::Mat;
use rand_chacha::ChaCha8Rng;

use super::dynamics::Dynamics;
use super::factor::GramFactor;
use super::transfer::Transfer;
use super::walk::{RENORMALISE, Stepper};
use crate::optimizer::State;
use crate::process::Batches;

/// Orthonormal directions that linearised SGD moves by the same batches: of θ, or of (θ, u) if the optimizer has a
/// velocity.
///
/// The first one moves as a walk of its own does; log R_jj of the triangular R, added up over time,
/// tends to the j-th Lyapunov exponent times the steps.
#[derive(Debug, Clone)]
pub struct Block<'f> {
    stepper: Stepper<'f>,
    columns: Vec<State>,
    batches: Batches,
    rng: ChaCha8Rng,
    stretch: Stretch,
}

/// What some steps did to the directions of a [`Block`].
#[derive(Debug, Clone)]
pub struct Stretch {
    /// Σ log R_jj for every direction; −∞ for one that has become 0.
    pub logs: Vec<f64>,
    pub transfer: Transfer,
}

impl Stretch {
    fn none(columns: usize) -> Self {
        Self { logs: vec![0.0; columns], transfer: Transfer::identity(columns) }
    }

    /// This stretch, then `next`.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let logs = self.logs.iter().zip(&next.logs).map(|(a, b)| a + b).collect();
        Self { logs, transfer: self.transfer.then(&next.transfer) }
    }

    /// The first direction alone.
    #[must_use]
    pub fn of_first(&self) -> Self {
        Self { logs: vec![self.logs[0]], transfer: Transfer::of_one(self.logs[0]) }
    }

    /// By how much the fastest direction of the span has outgrown the first one; not below 0.
    pub fn turning(&self) -> f64 {
        (self.transfer.log_norm() - self.logs[0]).max(0.0)
    }
}

impl<'f> Block<'f> {
    /// Starts from independent directions.
    pub fn new(
        factor: &'f GramFactor,
        dynamics: Dynamics,
        batches: Batches,
        step_size: f64,
        columns: Vec<State>,
        rng: ChaCha8Rng,
    ) -> Self {
        let stepper = Stepper::new(factor, dynamics.optimizer, step_size);
        let stretch = Stretch::none(columns.len());
        let mut block = Self { stepper, columns, batches, rng, stretch };
        block.orthonormalise();
        block.take_stretch();
        block
    }

    /// `steps` steps.
    pub fn advance(&mut self, steps: u64) {
        for step in 1..=steps {
            let batch = self.batches.draw(&mut self.rng);
            self.columns.iter_mut().for_each(|column| self.stepper.step(column, batch));
            if step.is_multiple_of(RENORMALISE) || step == steps {
                self.orthonormalise();
            }
        }
    }

    /// What the steps since the last call did.
    pub fn take_stretch(&mut self) -> Stretch {
        std::mem::replace(&mut self.stretch, Stretch::none(self.columns.len()))
    }

    /// Continues with the directions of these numbers only, in this order; what has been measured is
    /// dropped.
    pub fn select(&mut self, order: &[usize]) {
        self.columns = order.iter().map(|&k| self.columns[k].clone()).collect();
        self.take_stretch();
    }

    /// Gram–Schmidt, twice, and once more for what is left of a direction that lay in the span of the
    /// others up to rounding.
    fn orthonormalise(&mut self) {
        let count = self.columns.len();
        let mut triangle = Mat::zeros(count, count);
        for j in 0..count {
            let (before, rest) = self.columns.split_at_mut(j);
            let column = &mut rest[0];
            for _ in 0..2 {
                for (i, other) in before.iter().enumerate() {
                    let along = column.dot(other);
                    column.add(-along, other);
                    triangle[(i, j)] += along;
                }
            }
            let norm = normalise(column);
            for other in before.iter() {
                let along = column.dot(other);
                column.add(-along, other);
            }
            normalise(column);
            triangle[(j, j)] = norm;
            self.stretch.logs[j] += norm.ln();
        }
        self.stretch.transfer = self.stretch.transfer.followed_by(&triangle);
    }
}

/// Makes the length 1 unless it is 0; returns the length before.
fn normalise(state: &mut State) -> f64 {
    let norm = state.squared_norm().sqrt();
    if norm > 0.0 {
        state.for_each(|x| *x /= norm);
    }
    norm
}
