//! What every process has to answer.

use rand::Rng;

use super::coefficients::{Coefficients, SamplingError};
use super::permutation::Permutation;

/// One kind of process; n is the number of training samples.
pub trait ProcessKind: Copy {
    /// The process in words, after "SGD with".
    fn description(self) -> &'static str;

    /// (α, β) of one batch.
    fn coefficients(self, samples: usize) -> Result<Coefficients, SamplingError>;

    /// E |batch|, each sample counted as often as it is drawn.
    fn mean_batch_size(self, samples: usize) -> f64;

    /// Draws the next batch into the empty `batch`; returns the divisor of its sum of gradients.
    fn draw(self, permutation: &mut Permutation, batch: &mut Vec<usize>, rng: &mut impl Rng)
    -> f64;

    /// Steps after which the process begins anew: 1 where batches are independent.
    fn period(self, _samples: usize) -> u64 {
        1
    }

    /// Whether batches depend on each other because every epoch is one permutation of the samples.
    fn is_shuffled(self) -> bool {
        false
    }
}
