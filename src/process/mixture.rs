//! The mixture of single samples and full batches (\[M\] Prop 7).

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::coefficients::{Coefficients, SamplingError};
use super::epoch::Epoch;
use super::independent::single_sample_weight;
use super::kind::ProcessKind;
use super::permutation::Permutation;

/// Every step takes one sample with probability p and all of them otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixture {
    /// p.
    pub single: f64,
}

impl ProcessKind for Mixture {
    fn description(self) -> &'static str {
        "batches of one sample or of all"
    }

    fn coefficients(self, _samples: usize) -> Result<Coefficients, SamplingError> {
        Ok(Coefficients { alpha: 1.0 - self.single, beta: self.single })
    }

    fn mean_batch_size(self, samples: usize) -> f64 {
        self.single + (1.0 - self.single) * samples as f64
    }

    fn draw(
        self,
        permutation: &mut Permutation,
        batch: &mut Vec<usize>,
        rng: &mut impl Rng,
    ) -> f64 {
        if rng.random_bool(self.single) {
            batch.push(rng.random_range(0..permutation.samples()));
        } else {
            batch.extend(0..permutation.samples());
        }
        batch.len() as f64
    }
}

/// The batches of one training epoch, as many as SGD makes with batches of `batch_size`; the mixture
/// has the mean-square threshold of that SGD.
pub fn epoch(samples: usize, batch_size: usize, random: &mut ChaCha8Rng) -> Epoch {
    let single = single_sample_weight(samples, batch_size);
    // All samples, followed by the single ones.
    let mut epoch = Epoch::empty((0..samples as u32).collect());
    let mut first = samples;
    for _ in 0..samples.div_ceil(batch_size) {
        if random.random::<f64>() < single {
            epoch.pool.push(random.random_range(0..samples as u32));
        } else {
            epoch.push(first..epoch.pool.len(), 1);
            first = epoch.pool.len();
            epoch.push(0..samples, samples);
        }
    }
    epoch.push(first..epoch.pool.len(), 1);
    epoch
}
