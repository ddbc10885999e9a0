//! B independent draws, with replacement.

use rand::{Rng, RngExt};

use super::kind::{SamplingKind, binomial};
use crate::process::coefficients::Coefficients;
use crate::process::permutation::Permutation;

/// B independent draws.
pub struct WithReplacement;

impl SamplingKind for WithReplacement {
    const NAME: &'static str = "independent";
    const WITHOUT_REPLACEMENT: bool = false;

    fn coefficients(_samples: usize, batch_size: usize) -> Coefficients {
        let b = batch_size as f64;
        Coefficients { alpha: 1.0 - 1.0 / b, beta: 1.0 / b }
    }

    fn draw(
        batch_size: usize,
        permutation: &mut Permutation,
        batch: &mut Vec<usize>,
        rng: &mut impl Rng,
    ) {
        let samples = permutation.samples();
        batch.extend((0..batch_size).map(|_| rng.random_range(0..samples)));
    }

    fn largest_count(batch_size: usize, _k: usize) -> usize {
        batch_size
    }

    /// Binomial: B draws, each among them with probability k/n.
    fn count_probability(samples: usize, batch_size: usize, k: usize, count: usize) -> f64 {
        binomial(batch_size, count, k as f64 / samples as f64)
    }
}
