//! Every sample with probability B/n, the step scaled by 1/B (\[D\] §2).

use rand::{Rng, RngExt};

use super::kind::{SamplingKind, binomial};
use crate::process::coefficients::Coefficients;
use crate::process::permutation::Permutation;

/// Every sample with probability B/n.
pub struct Bernoulli;

impl SamplingKind for Bernoulli {
    const NAME: &'static str = "bernoulli";
    const WITHOUT_REPLACEMENT: bool = false;

    fn coefficients(samples: usize, batch_size: usize) -> Coefficients {
        Coefficients { alpha: 1.0, beta: 1.0 / batch_size as f64 - 1.0 / samples as f64 }
    }

    fn draw(
        batch_size: usize,
        permutation: &mut Permutation,
        batch: &mut Vec<usize>,
        rng: &mut impl Rng,
    ) {
        let samples = permutation.samples();
        let probability = batch_size as f64 / samples as f64;
        batch.extend((0..samples).filter(|_| rng.random_bool(probability)));
    }

    fn largest_count(_batch_size: usize, k: usize) -> usize {
        k
    }

    /// Binomial: k samples, each in the batch with probability B/n.
    fn count_probability(samples: usize, batch_size: usize, k: usize, count: usize) -> f64 {
        binomial(k, count, batch_size as f64 / samples as f64)
    }
}
