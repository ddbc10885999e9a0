//! B distinct samples, uniformly (\[M\] §2).

use rand::Rng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;

use super::kind::{SamplingKind, log_choose};
use crate::process::coefficients::Coefficients;
use crate::process::epoch::Epoch;
use crate::process::permutation::Permutation;

/// B distinct samples.
pub struct Distinct;

impl SamplingKind for Distinct {
    const NAME: &'static str = "distinct";
    const WITHOUT_REPLACEMENT: bool = true;

    fn coefficients(samples: usize, batch_size: usize) -> Coefficients {
        let p = single_sample_weight(samples, batch_size);
        Coefficients { alpha: 1.0 - p, beta: p }
    }

    fn draw(
        batch_size: usize,
        permutation: &mut Permutation,
        batch: &mut Vec<usize>,
        rng: &mut impl Rng,
    ) {
        batch.extend_from_slice(permutation.draw_distinct(batch_size, rng));
    }

    fn largest_count(_batch_size: usize, k: usize) -> usize {
        k
    }

    /// Hypergeometric.
    fn count_probability(samples: usize, batch_size: usize, k: usize, count: usize) -> f64 {
        if count > batch_size || batch_size - count > samples - k {
            return 0.0;
        }
        let ways = log_choose(k, count) + log_choose(samples - k, batch_size - count);
        (ways - log_choose(samples, batch_size)).exp()
    }
}

/// p = (n − B)/(B(n − 1)), the weight β of the single-sample term; 0 at n = 1, where the batch is the
/// full batch.
pub fn single_sample_weight(samples: usize, batch_size: usize) -> f64 {
    let (n, b) = (samples as f64, batch_size as f64);
    if samples > 1 { (n - b) / (b * (n - 1.0)) } else { 0.0 }
}

/// ⌈n/B⌉ training batches of B distinct samples.
pub fn epoch(samples: usize, batch_size: usize, random: &mut ChaCha8Rng) -> Epoch {
    let batch = |_| index::sample(random, samples, batch_size);
    let order = (0..samples.div_ceil(batch_size)).flat_map(batch).map(|sample| sample as u32);
    Epoch::of_equal_batches(order.collect(), batch_size)
}
