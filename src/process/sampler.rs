//! The batches of a training run: a pure function of seed and epoch.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::epoch::Epoch;
use super::settings::BatchSettings;

/// Draws the batches of one training run.
#[derive(Debug, Clone)]
pub struct EpochSampler {
    pub settings: BatchSettings,
    /// n.
    pub samples: usize,
    pub seed: u64,
}

impl EpochSampler {
    /// The batches of `epoch`, ⌈n/B⌉ of them.
    pub fn epoch(&self, epoch: u64) -> Epoch {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(epoch);
        self.settings.epoch(self.samples, &mut random)
    }

    /// The samples of all batches of `epoch`, in order.
    pub fn order(&self, epoch: u64) -> Vec<u32> {
        self.epoch(epoch).into_order()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::settings::{Algorithm, BatchSampling};
    use proptest::prelude::*;

    fn sampler(
        sampling: BatchSampling,
        samples: usize,
        batch_size: usize,
        seed: u64,
    ) -> EpochSampler {
        let settings = BatchSettings { algorithm: Algorithm::Sgd, sampling, batch_size };
        EpochSampler { settings, samples, seed }
    }

    fn mixture(sgd: &EpochSampler) -> EpochSampler {
        let settings = BatchSettings { algorithm: Algorithm::Mixture, ..sgd.settings };
        EpochSampler { settings, ..sgd.clone() }
    }

    /// Batch size and samples of every step.
    fn steps(epoch: &Epoch) -> Vec<(usize, Vec<u32>)> {
        let mut steps = Vec::new();
        let mut position = 0;
        while position < epoch.len() {
            let (rest, batch_size) = epoch.equal_batches_from(position);
            let batch = &rest[..batch_size.min(rest.len())];
            steps.push((batch_size, batch.to_vec()));
            position += batch.len();
        }
        steps
    }

    proptest! {
        #[test]
        fn a_mixture_makes_as_many_steps_as_sgd(samples in 1_usize..60, batch in 1_usize..60, seed: u64) {
            let batch = batch.min(samples);
            let sgd = sampler(BatchSampling::Epoch, samples, batch, seed);
            let mixture = mixture(&sgd);
            let steps = steps(&mixture.epoch(1));
            prop_assert_eq!(steps.len(), self::steps(&sgd.epoch(1)).len());
            for (batch_size, indices) in steps {
                prop_assert!(batch_size == indices.len());
                let all: Vec<u32> = (0..samples as u32).collect();
                prop_assert!(batch_size == 1 && indices[0] < samples as u32 || indices == all);
            }
        }
    }

    #[test]
    fn a_mixture_draws_single_samples_with_the_probability_of_its_batch_size() {
        let sgd = sampler(BatchSampling::Epoch, 64, 4, 3);
        let mixture = mixture(&sgd);
        let all: Vec<_> = (0..500).flat_map(|epoch| steps(&mixture.epoch(epoch))).collect();
        let share = all.iter().filter(|(size, _)| *size == 1).count() as f64 / all.len() as f64;
        let (p, count) = (60.0 / (4.0 * 63.0), all.len() as f64);
        assert!((share - p).abs() < 5.0 * (p * (1.0 - p) / count).sqrt(), "{share} {p}");
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
