//! Shuffled epochs: every sample once before any of them again.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::coefficients::{Coefficients, SamplingError};
use super::epoch::Epoch;
use super::independent::{IndependentBatches, Sampling};
use super::kind::ProcessKind;
use super::permutation::Permutation;

/// SGD on shuffled epochs, B samples at a time; what is left of an epoch is a smaller batch, as in
/// PyTorch's `DataLoader`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShuffledEpochs {
    /// B.
    pub batch_size: usize,
}

impl ShuffledEpochs {
    /// Independent batches with the same (α, β).
    pub fn with_independent_batches(self) -> IndependentBatches {
        IndependentBatches { sampling: Sampling::Distinct, batch_size: self.batch_size }
    }
}

impl ProcessKind for ShuffledEpochs {
    fn description(self) -> &'static str {
        "shuffled epochs"
    }

    /// Those of a single batch. Batches of an epoch depend on each other, so that they alone do not
    /// decide about stability.
    fn coefficients(self, samples: usize) -> Result<Coefficients, SamplingError> {
        self.with_independent_batches().coefficients(samples)
    }

    fn mean_batch_size(self, samples: usize) -> f64 {
        samples as f64 / self.period(samples) as f64
    }

    fn draw(
        self,
        permutation: &mut Permutation,
        batch: &mut Vec<usize>,
        rng: &mut impl Rng,
    ) -> f64 {
        batch.extend_from_slice(permutation.draw_of_epoch(self.batch_size, rng));
        batch.len() as f64
    }

    /// Steps of an epoch.
    fn period(self, samples: usize) -> u64 {
        samples.div_ceil(self.batch_size.max(1)) as u64
    }

    fn is_shuffled(self) -> bool {
        true
    }
}

/// The batches of one training epoch.
pub fn epoch(samples: usize, batch_size: usize, random: &mut ChaCha8Rng) -> Epoch {
    let mut order: Vec<u32> = (0..samples as u32).collect();
    order.shuffle(random);
    Epoch::of_equal_batches(order, batch_size)
}
