//! A walk of linearised SGD with batches of its own.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::factor::GramFactor;
use super::walk::Walk;
use crate::optimizer::Optimizer;
use crate::process::Batches;

/// A walk, its batches and their generator.
#[derive(Debug, Clone)]
pub struct RandomWalk<'f> {
    walk: Walk<'f>,
    batches: Batches,
    rng: ChaCha8Rng,
}

impl<'f> RandomWalk<'f> {
    /// Starts in a random direction.
    pub fn new(
        factor: &'f GramFactor,
        optimizer: Optimizer,
        batches: Batches,
        step_size: f64,
        mut rng: ChaCha8Rng,
    ) -> Self {
        let start = (0..factor.rank()).map(|_| rng.random_range(-1.0..1.0)).collect();
        Self { walk: Walk::new(factor, optimizer, step_size, start), batches, rng }
    }

    /// `steps` steps.
    pub fn advance(&mut self, steps: u64) {
        for _ in 0..steps {
            self.walk.step(self.batches.draw(&mut self.rng));
        }
    }

    /// log ‖θ‖/‖θ_0‖; −∞ where θ has become 0.
    pub fn log_norm(&mut self) -> f64 {
        self.walk.log_norm()
    }

    /// Continues at another η.
    pub fn set_step_size(&mut self, step_size: f64) {
        self.walk.set_step_size(step_size);
    }

    /// Continues from where `other` is, with what is left of its epoch in an order of its own.
    pub fn continue_from(&mut self, other: Self) {
        self.walk = other.walk;
        self.batches = other.batches;
    }
}
