//! The order of the samples in every epoch: a pure function of seed and epoch.

use rand::seq::{SliceRandom, index};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::config::BatchSampling;

/// Draws the batches of one run.
#[derive(Debug, Clone)]
pub struct Sampler {
    pub sampling: BatchSampling,
    pub samples: usize,
    pub batch_size: usize,
    pub seed: u64,
}

impl Sampler {
    /// Sample indices of `epoch`; each run of `batch_size` of them is a batch. With
    /// [`BatchSampling::Epoch`] the last batch is what is left, as in PyTorch's `DataLoader`.
    pub fn order(&self, epoch: u64) -> Vec<u32> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(epoch);
        match self.sampling {
            BatchSampling::Epoch => {
                let mut order: Vec<u32> = (0..self.samples as u32).collect();
                order.shuffle(&mut random);
                order
            }
            BatchSampling::Uniform => (0..self.samples.div_ceil(self.batch_size))
                .flat_map(|_| index::sample(&mut random, self.samples, self.batch_size))
                .map(|sample| sample as u32)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sampler(sampling: BatchSampling, samples: usize, batch_size: usize, seed: u64) -> Sampler {
        Sampler { sampling, samples, batch_size, seed }
    }

    proptest! {
        #[test]
        fn an_epoch_is_a_permutation(samples in 1_usize..80, seed: u64, epoch in 0_u64..1000) {
            let order = sampler(BatchSampling::Epoch, samples, 1, seed).order(epoch);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..samples as u32).collect::<Vec<_>>());
            prop_assert_eq!(&order, &sampler(BatchSampling::Epoch, samples, 7, seed).order(epoch));
        }

        #[test]
        fn uniform_batches_are_full_and_distinct(samples in 1_usize..80, seed: u64, batch in 1_usize..80) {
            let batch = batch.min(samples);
            let order = sampler(BatchSampling::Uniform, samples, batch, seed).order(3);
            prop_assert_eq!(order.len(), samples.div_ceil(batch) * batch);
            for chunk in order.chunks(batch) {
                let distinct: std::collections::HashSet<_> = chunk.iter().collect();
                prop_assert_eq!(distinct.len(), batch);
            }
        }
    }

    #[test]
    fn seeds_and_epochs_give_different_orders() {
        let base = sampler(BatchSampling::Epoch, 100, 1, 0);
        assert_ne!(base.order(0), base.order(1));
        assert_ne!(base.order(0), sampler(BatchSampling::Epoch, 100, 1, 1).order(0));
    }

    #[test]
    fn every_sample_is_equally_likely_in_uniform_batches() {
        let source = sampler(BatchSampling::Uniform, 10, 3, 5);
        let mut counts = [0_u32; 10];
        for epoch in 0..2000 {
            source.order(epoch).iter().for_each(|&sample| counts[sample as usize] += 1);
        }
        let (mean, deviation) = (2400.0, (8000.0_f64 * 0.3 * 0.7).sqrt());
        assert!(
            counts.iter().all(|&c| (f64::from(c) - mean).abs() < 5.0 * deviation),
            "{counts:?}"
        );
    }
}
