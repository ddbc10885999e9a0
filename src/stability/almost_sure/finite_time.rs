//! Finite-time exponents: the growth rate of θ within as many steps as a run has.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::exponent::LyapunovError;
use crate::process::Batches;
use crate::stability::linearised::{Dynamics, GramFactor, RandomWalk};

/// (1/t) log ‖θ_t‖/‖θ_0‖ over many walks.
#[derive(Debug, Clone, PartialEq)]
pub struct FiniteTime {
    /// t.
    pub steps: u64,
    /// One exponent for each walk, ascending.
    pub exponents: Vec<f64>,
}

impl FiniteTime {
    /// The quantile at `level` in 0..=1, the nearest exponent.
    pub fn quantile(&self, level: f64) -> f64 {
        let last = self.exponents.len() - 1;
        self.exponents[(level.clamp(0.0, 1.0) * last as f64).round() as usize]
    }
}

/// The exponents of `walks` ≥ 1 walks from random starts at each of the ascending `times`.
///
/// # Errors
/// A batch size outside 1..=n.
pub fn finite_time(
    factor: &GramFactor,
    dynamics: impl Into<Dynamics>,
    step_size: f64,
    times: &[u64],
    walks: usize,
    seed: u64,
) -> Result<Vec<FiniteTime>, LyapunovError> {
    let dynamics = dynamics.into();
    let batches = Batches::new(dynamics.process, factor.samples())?;
    let histories: Vec<Vec<f64>> = (0..walks.max(1) as u64)
        .into_par_iter()
        .map(|walk| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(walk);
            let batches = batches.clone();
            history(RandomWalk::new(factor, dynamics.optimizer, batches, step_size, rng), times)
        })
        .collect();
    let at = |(k, &steps): (usize, &u64)| {
        let mut exponents: Vec<f64> = histories.iter().map(|history| history[k]).collect();
        exponents.sort_by(f64::total_cmp);
        FiniteTime { steps, exponents }
    };
    Ok(times.iter().enumerate().map(at).collect())
}

fn history(mut walk: RandomWalk<'_>, times: &[u64]) -> Vec<f64> {
    let mut done = 0;
    let exponent = |&time: &u64| {
        walk.advance(time.saturating_sub(done));
        done = time.max(done);
        walk.log_norm() / time as f64
    };
    times.iter().map(exponent).collect()
}
