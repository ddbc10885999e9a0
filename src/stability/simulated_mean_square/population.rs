//! The growth rate of E‖θ‖² by a population of walks, resampled in proportion to their growth.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::resampling::copy_counts;
use crate::process::{Batches, SamplingError};
use crate::stability::linearised::{Dynamics, GramFactor, RandomWalk};

/// Walks of linearised SGD with batches of their own, resampled after every round.
///
/// E‖θ‖² is dominated by rare walks, which a mean over a few walks would miss. Here every walk is kept
/// or copied in proportion to how much ‖θ‖² it gained in a round, so that the population follows them. The product of the mean gains is an unbiased estimate of E‖θ_t‖²/‖θ_0‖² for any
/// number of walks; the mean of their logarithms tends to log ρ with many, from below, with an
/// error of the order Var(gain)/(2·walks) (Del Moral, Feynman–Kac Formulae, 2004, §7 and §12).
#[derive(Debug, Clone)]
pub struct Population<'f> {
    walks: Vec<RandomWalk<'f>>,
    /// Of the resampling.
    rng: ChaCha8Rng,
}

impl<'f> Population<'f> {
    /// `size` ≥ 1 random directions; equal seeds and numbers give equal populations.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn new(
        factor: &'f GramFactor,
        dynamics: Dynamics,
        size: usize,
        seed: u64,
        number: u64,
    ) -> Result<Self, SamplingError> {
        let batches = Batches::new(dynamics.process, factor.samples())?;
        let generator = |stream: u64| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(number << 32 | stream);
            rng
        };
        let walk = |k: usize| {
            let rng = generator(k as u64 + 1);
            RandomWalk::new(factor, dynamics.optimizer, batches.clone(), 0.0, rng)
        };
        Ok(Self { walks: (0..size).map(walk).collect(), rng: generator(0) })
    }

    /// A round of `steps` steps at the step size η, whole epochs where batches depend on each
    /// other: log E‖θ‖² gained, −∞ once every walk has reached 0.
    ///
    /// Independent of the number of threads.
    pub fn round(&mut self, step_size: f64, steps: u64) -> f64 {
        let gain = |walk: &mut RandomWalk<'_>| gain(walk, step_size, steps);
        let gains: Vec<f64> = self.walks.par_iter_mut().map(gain).collect();
        let top = gains.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if top == f64::NEG_INFINITY {
            return top;
        }
        let weights: Vec<f64> = gains.iter().map(|gain| (gain - top).exp()).collect();
        self.resample(&weights);
        top + (weights.iter().sum::<f64>() / weights.len() as f64).ln()
    }

    /// Replaces walks of small weight by copies of those of large weight.
    fn resample(&mut self, weights: &[f64]) {
        let copies = copy_counts(weights, self.rng.random());
        let mut free: Vec<usize> = (0..copies.len()).filter(|&k| copies[k] == 0).collect();
        for (source, &count) in copies.iter().enumerate() {
            let surplus = count.saturating_sub(1).min(free.len());
            for target in free.split_off(free.len() - surplus) {
                let walk = self.walks[source].walk().clone();
                self.walks[target].continue_from(walk);
            }
        }
    }
}

/// log ‖θ‖² gained in `steps` steps.
fn gain(walk: &mut RandomWalk<'_>, step_size: f64, steps: u64) -> f64 {
    walk.set_step_size(step_size);
    let before = walk.log_norm();
    if before == f64::NEG_INFINITY {
        return before;
    }
    walk.advance(steps);
    2.0 * (walk.log_norm() - before)
}
