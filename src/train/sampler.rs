//! The batches of every epoch: a pure function of seed and epoch.

use std::ops::Range;

use rand::RngExt;
use rand::seq::{SliceRandom, index};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::config::{Algorithm, BatchSampling, Schedule};

/// Draws the batches of one run.
#[derive(Debug, Clone)]
pub struct Sampler {
    pub algorithm: Algorithm,
    /// How SGD's batches are drawn; a mixture's steps are independent of one another.
    pub sampling: BatchSampling,
    pub samples: usize,
    pub batch_size: usize,
    pub seed: u64,
}

/// The steps of one epoch, which goes through `len` samples, some perhaps several times.
#[derive(Debug, Clone)]
pub struct Epoch {
    pool: Vec<u32>,
    segments: Vec<Segment>,
}

/// Neighbouring steps of one size.
#[derive(Debug, Clone)]
struct Segment {
    /// Samples of the epoch before this segment.
    before: usize,
    /// Where its samples are in the pool.
    pool: Range<usize>,
    batch_size: usize,
}

impl Epoch {
    /// Σ of the batch sizes of all steps.
    pub fn len(&self) -> usize {
        self.segments.last().map_or(0, |last| last.before + last.pool.len())
    }

    /// The samples from `position` < `len` to the end of their segment, and its batch size.
    pub fn from(&self, position: usize) -> (&[u32], usize) {
        let next = self.segments.partition_point(|segment| segment.before <= position);
        let segment = &self.segments[next - 1];
        (&self.pool[segment.pool.clone()][position - segment.before..], segment.batch_size)
    }

    fn push(&mut self, pool: Range<usize>, batch_size: usize) {
        let before = self.len();
        self.segments.push(Segment { before, pool, batch_size });
    }
}

impl Sampler {
    /// The sampler of `schedule` for n = `samples`.
    pub fn new(schedule: &Schedule, samples: usize) -> Self {
        let Schedule { algorithm, sampling, batch_size, seed, .. } = *schedule;
        Self { algorithm, sampling, samples, batch_size, seed }
    }

    /// The steps of `epoch`, ⌈n/B⌉ of them.
    pub fn epoch(&self, epoch: u64) -> Epoch {
        match self.algorithm {
            Algorithm::Sgd => {
                let pool = self.order(epoch);
                let whole = Segment { before: 0, pool: 0..pool.len(), batch_size: self.batch_size };
                Epoch { pool, segments: vec![whole] }
            }
            Algorithm::Mixture => self.mixture(epoch),
        }
    }

    /// Every step is one sample with probability (n − B)/(B(n − 1)), all samples otherwise.
    fn mixture(&self, epoch: u64) -> Epoch {
        let mut random = self.random(epoch);
        let (n, b) = (self.samples as f64, self.batch_size as f64);
        let single = if self.samples > 1 { (n - b) / (b * (n - 1.0)) } else { 0.0 };
        let mut steps = Epoch { pool: (0..self.samples as u32).collect(), segments: Vec::new() };
        let mut singles = self.samples;
        for _ in 0..self.samples.div_ceil(self.batch_size) {
            if random.random::<f64>() < single {
                steps.pool.push(random.random_range(0..self.samples as u32));
            } else {
                if steps.pool.len() > singles {
                    steps.push(singles..steps.pool.len(), 1);
                    singles = steps.pool.len();
                }
                steps.push(0..self.samples, self.samples);
            }
        }
        if steps.pool.len() > singles {
            steps.push(singles..steps.pool.len(), 1);
        }
        steps
    }

    fn random(&self, epoch: u64) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(epoch);
        random
    }

    /// Sample indices of `epoch`; each run of `batch_size` of them is a batch. With
    /// [`BatchSampling::Epoch`] the last batch is what is left, as in PyTorch's `DataLoader`.
    pub fn order(&self, epoch: u64) -> Vec<u32> {
        let mut random = self.random(epoch);
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
        Sampler { algorithm: Algorithm::Sgd, sampling, samples, batch_size, seed }
    }

    /// Batch size and samples of every step.
    fn steps(epoch: &Epoch) -> Vec<(usize, Vec<u32>)> {
        let mut steps = Vec::new();
        let mut position = 0;
        while position < epoch.len() {
            let (rest, batch_size) = epoch.from(position);
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
            let mixture = Sampler { algorithm: Algorithm::Mixture, ..sgd.clone() };
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
        let mixture = Sampler { algorithm: Algorithm::Mixture, ..sgd };
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
