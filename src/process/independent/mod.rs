//! Independent batches: every batch is drawn anew from all samples.
//!
//! How one is drawn is a [`Sampling`], one file each.

mod bernoulli;
mod distinct;
mod kind;
mod sampling;
mod with_replacement;

use rand::Rng;

pub use distinct::{epoch, single_sample_weight};
pub use sampling::Sampling;

use super::coefficients::{Coefficients, SamplingError};
use super::kind::ProcessKind;
use super::permutation::Permutation;

/// SGD on batches that are independent of each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IndependentBatches {
    /// How a batch is drawn.
    pub sampling: Sampling,
    /// B.
    pub batch_size: usize,
}

impl ProcessKind for IndependentBatches {
    fn description(self) -> &'static str {
        "independent batches"
    }

    fn coefficients(self, samples: usize) -> Result<Coefficients, SamplingError> {
        self.sampling.coefficients(samples, self.batch_size)
    }

    fn mean_batch_size(self, _samples: usize) -> f64 {
        self.batch_size as f64
    }

    /// The divisor is B, also where Bernoulli sampling drew another number of samples.
    fn draw(
        self,
        permutation: &mut Permutation,
        batch: &mut Vec<usize>,
        rng: &mut impl Rng,
    ) -> f64 {
        self.sampling.draw(self.batch_size, permutation, batch, rng);
        self.batch_size as f64
    }
}
