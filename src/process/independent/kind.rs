//! What every sampling has to answer.

use rand::Rng;

use crate::process::coefficients::Coefficients;
use crate::process::permutation::Permutation;

/// One way to draw a batch of B = `batch_size` from n = `samples`, with 1 ≤ B ≤ n.
pub trait SamplingKind {
    /// The word for it.
    const NAME: &'static str;
    /// Whether a batch is B distinct samples.
    const WITHOUT_REPLACEMENT: bool;

    /// (α, β).
    fn coefficients(samples: usize, batch_size: usize) -> Coefficients;

    /// Adds the samples of one batch to `batch`.
    fn draw(
        batch_size: usize,
        permutation: &mut Permutation,
        batch: &mut Vec<usize>,
        rng: &mut impl Rng,
    );

    /// The largest number of draws that a batch can have among k of the samples.
    fn largest_count(batch_size: usize, k: usize) -> usize;

    /// P(`count` of the draws of a batch are among k of the samples), for a `count` up to
    /// [`SamplingKind::largest_count`].
    fn count_probability(samples: usize, batch_size: usize, k: usize, count: usize) -> f64;
}

/// C(trials, count) p^count (1 − p)^(trials − count).
pub fn binomial(trials: usize, count: usize, probability: f64) -> f64 {
    if probability >= 1.0 {
        return if count == trials { 1.0 } else { 0.0 };
    }
    let rest = (trials - count) as f64;
    (log_choose(trials, count) + count as f64 * probability.ln() + rest * (-probability).ln_1p())
        .exp()
}

/// log of the binomial coefficient, for k ≤ n.
pub fn log_choose(n: usize, k: usize) -> f64 {
    (0..k).map(|j| ((n - j) as f64 / (k - j) as f64).ln()).sum()
}
