//! The growth rate of E‖θ‖² by a population of walks, resampled in proportion to their growth.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::resampling::copy_counts;
use crate::process::{Batches, SamplingError};
use crate::stability::linearised::{Dynamics, GramFactor, RandomWalk};

/// Walks of linearised SGD with batches of their own, resampled as their weights grow apart.
///
/// E‖θ‖² is dominated by rare walks, which a mean over a few walks would miss. Here every walk is kept
/// or copied in proportion to how much ‖θ‖² it gained, so that the population follows them. This is done
/// after every round, and within one whenever the weights are worth no more than half of the walks; a copy
/// takes over what is left of the epoch and orders it anew. The product of the mean gains is an unbiased
/// estimate of E‖θ_t‖²/‖θ_0‖² for any
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
    /// other.
    ///
    /// Independent of the number of threads.
    pub fn round(&mut self, step_size: f64, steps: u64) -> Round {
        let mut weights = LogWeights::equal(self.walks.len());
        let mut round = Round { gain: 0.0, variance: 0.0 };
        let stretch = steps.div_ceil(STRETCHES);
        let mut done = 0;
        while done < steps {
            let steps_now = stretch.min(steps - done);
            done += steps_now;
            let gain = |walk: &mut RandomWalk<'_>| gain(walk, step_size, steps_now);
            let gains: Vec<f64> = self.walks.par_iter_mut().map(gain).collect();
            weights.add(&gains);
            let found = weights.mean();
            if found.gain == f64::NEG_INFINITY {
                return found;
            }
            let size = self.walks.len() as f64;
            // Σw²/(Σw)² = (1 + the variance of a weight)/N, the inverse of the number of equal weights
            // that would be worth as much.
            if done == steps || 1.0 + found.variance * size > 2.0 {
                self.resample(&weights.relative());
                weights = LogWeights::equal(self.walks.len());
                round.gain += found.gain;
                round.variance += found.variance;
            }
        }
        round
    }

    /// Replaces walks of small weight by copies of those of large weight.
    fn resample(&mut self, weights: &[f64]) {
        let copies = copy_counts(weights, self.rng.random());
        let mut free: Vec<usize> = (0..copies.len()).filter(|&k| copies[k] == 0).collect();
        for (source, &count) in copies.iter().enumerate() {
            let surplus = count.saturating_sub(1).min(free.len());
            for target in free.split_off(free.len() - surplus) {
                let source = self.walks[source].clone();
                self.walks[target].continue_from(source);
            }
        }
    }
}

/// Stretches of a round between which walks may be resampled.
const STRETCHES: u64 = 8;

/// What a round did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// log E‖θ‖² gained, −∞ once every walk has reached 0.
    pub gain: f64,
    /// An estimate of the variance of `gain`, from the scatter of the walks.
    pub variance: f64,
}

/// log ‖θ‖² gained by every walk since the last resampling.
struct LogWeights(Vec<f64>);

impl LogWeights {
    fn equal(size: usize) -> Self {
        Self(vec![0.0; size])
    }

    fn add(&mut self, gains: &[f64]) {
        self.0.iter_mut().zip(gains).for_each(|(weight, gain)| *weight += gain);
    }

    fn top(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// In units of the largest.
    fn relative(&self) -> Vec<f64> {
        let top = self.top();
        self.0.iter().map(|weight| (weight - top).exp()).collect()
    }

    /// The logarithm of the mean weight and its variance.
    fn mean(&self) -> Round {
        let top = self.top();
        if top == f64::NEG_INFINITY {
            return Round { gain: top, variance: 0.0 };
        }
        let (relative, size) = (self.relative(), self.0.len() as f64);
        let mean = relative.iter().sum::<f64>() / size;
        let square = relative.iter().map(|weight| weight * weight).sum::<f64>() / size;
        let variance = (square / (mean * mean) - 1.0).max(0.0) / size;
        Round { gain: top + mean.ln(), variance }
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
