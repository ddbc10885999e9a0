//! λ(η, B) by simulation, with an interval.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::directions::{Pilot, Simulated, spread};
use super::estimate::{Estimate, Limits, SEGMENTS, estimate};
use super::measured_block::MeasuredBlock;
use crate::process::{Batches, SamplingError};
use crate::stability::finite::null_unless_finite;
use crate::stability::linearised::{Dynamics, GramFactor};
use crate::stability::spectrum::SpectrumError;

/// λ with an interval. Units: 1 per step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LyapunovExponent {
    /// The estimate; −∞ (JSON null) if θ reached 0.
    #[serde(serialize_with = "null_unless_finite")]
    pub value: f64,
    /// Lower end of the 95% interval.
    #[serde(serialize_with = "null_unless_finite")]
    pub low: f64,
    /// Upper end of the 95% interval.
    #[serde(serialize_with = "null_unless_finite")]
    pub high: f64,
    /// Whether the interval contains 0.
    pub undecided: bool,
    /// Whether the growth rate had stopped changing. Far below the threshold it has not: θ turns to ever
    /// slower directions, and the value is a finite-time exponent, below λ.
    pub settled: bool,
    /// Steps of all walks together, including burn-in.
    pub steps: u64,
}

/// Accuracy of λ and limits of its simulation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExponentOptions {
    /// Half-width of the interval to reach, relative to |λ|.
    pub precision: f64,
    /// Stop as soon as the [sign is certain](LyapunovExponent::certain_sign), however wide the interval is.
    pub sign_only: bool,
    /// Most samples that one walk draws; a step draws B of them.
    pub draws: u64,
    /// Independent walks.
    pub walks: usize,
    /// Seed of batches and starts: equal seeds give equal batches at every step size.
    pub seed: u64,
}

impl Default for ExponentOptions {
    fn default() -> Self {
        Self { precision: 0.1, sign_only: false, draws: 786_432, walks: 2, seed: 0 }
    }
}

/// Why an exponent or a threshold cannot be found.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum LyapunovError {
    /// A batch size outside 1..=n.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// G has no factorisation.
    #[error(transparent)]
    Spectrum(#[from] SpectrumError),
    /// Not a positive number.
    #[error("the step size {0} is not a positive number")]
    StepSize(f64),
    /// No walks, or too few draws for the statistics.
    #[error("{draws} draws in each of {walks} walks are too few for an interval")]
    TooFewDraws { draws: u64, walks: usize },
    /// λ stays negative.
    #[error("no step size up to {0:e} has a positive exponent")]
    NeverUnstable(f64),
}

/// λ(η), simulated until its interval is narrow enough or the draws are used up.
///
/// Independent of the number of threads.
///
/// With momentum it is that of position and velocity, (θ, u). Every walk follows some directions: one that grew the most in a pilot, and others that show
/// how much they would outgrow it. Cost: about 2·B·q·rank multiplications per step, walk and direction, of
/// which there are five where the rank is small and else two, until the first one has outgrown the others.
///
/// # Errors
/// A step size or batch size out of range, or too few draws.
pub fn lyapunov(
    factor: &GramFactor,
    dynamics: impl Into<Dynamics>,
    step_size: f64,
    options: ExponentOptions,
) -> Result<LyapunovExponent, LyapunovError> {
    let dynamics = dynamics.into();
    let batches = Batches::new(dynamics.process, factor.samples())?;
    if !(step_size > 0.0 && step_size.is_finite()) {
        return Err(LyapunovError::StepSize(step_size));
    }
    let longest = (options.draws as f64 / batches.mean_size()) as u64 / SEGMENTS as u64;
    if options.walks == 0 || longest == 0 {
        return Err(LyapunovError::TooFewDraws { draws: options.draws, walks: options.walks });
    }
    // Whole epochs: within one the growth of its parts is not independent.
    let period = dynamics.process.period(factor.samples());
    let mut length = longest.div_ceil(1 << DOUBLINGS).next_multiple_of(period);
    let step = dynamics.optimizer.rule().linear_step(step_size);
    let pilot = Pilot::of(factor, &step);
    let shortest = length * SEGMENTS as u64;
    let process = Simulated { factor, dynamics, batches, step_size };
    let run = |walk| {
        let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
        rng.set_stream(walk);
        MeasuredBlock::new(pilot.run(shortest, options.sign_only, process.clone(), rng))
    };
    let walks = 0..options.walks as u64;
    let mut runs: Vec<MeasuredBlock<'_>> = walks.into_par_iter().map(run).collect();
    let mut reorders = 0;
    loop {
        runs.par_iter_mut().for_each(|run| run.extend(length));
        if reorders < MOST_REORDERS {
            let reordered: Vec<bool> = runs.iter_mut().map(|run| run.reorder(REORDER)).collect();
            if reordered.contains(&true) {
                reorders += 1;
                continue;
            }
        }
        let growth: Vec<Vec<f64>> = runs.iter().map(|run| run.growth(length)).collect();
        let growth: Vec<&[f64]> = growth.iter().map(|walk| &walk[..]).collect();
        let turning = runs.iter().map(MeasuredBlock::turning).sum::<f64>() / runs.len() as f64;
        let limits = Limits {
            turning,
            hidden: pilot.transient(factor, &step),
            burst: spread(factor, &step) + BURST,
            rounding: factor.rounding(),
            precision: options.precision,
        };
        let found = estimate(&growth, length * SEGMENTS as u64, limits);
        if 2 * length > longest || options.accepts(&found) {
            return Ok(exponent(&found, length * SEGMENTS as u64 * options.walks as u64));
        }
        runs.par_iter_mut().for_each(|run| {
            run.drop_outgrown();
            run.merge_neighbours();
        });
        length *= 2;
    }
}

/// A burst of growth of so many e-folds, and of [`spread`] more, is not unlikely.
const BURST: f64 = 4.0;
/// A direction that outgrows the first one by so many e-folds takes its place.
const REORDER: f64 = 2.0;
/// How often at most.
const MOST_REORDERS: usize = 3;

/// The first length of a walk is this many doublings below the longest.
const DOUBLINGS: u32 = 6;

impl ExponentOptions {
    fn accepts(&self, found: &Estimate) -> bool {
        let half_width = (found.high - found.value).max(found.value - found.low);
        let certain = sign(found.value, found.low, found.high) != 0;
        found.value == f64::NEG_INFINITY
            || certain && self.sign_only
            || half_width <= self.precision * found.value.abs()
    }
}

fn exponent(found: &Estimate, steps: u64) -> LyapunovExponent {
    let Estimate { value, low, high, settled } = *found;
    LyapunovExponent { value, low, high, undecided: low <= 0.0 && high >= 0.0, settled, steps }
}

/// See [`LyapunovExponent::certain_sign`]; −∞ is certain.
fn sign(value: f64, low: f64, high: f64) -> i8 {
    if low > 0.0 && 2.0 * low > value {
        1
    } else if high == f64::NEG_INFINITY || high < 0.0 && 2.0 * high < value {
        -1
    } else {
        0
    }
}

impl LyapunovExponent {
    /// 1 or −1 where the sign stands even with an interval of twice the width (99.9%), else 0.
    ///
    /// For searches over many step sizes, where a 95% interval would be wrong too often.
    pub fn certain_sign(&self) -> i8 {
        sign(self.value, self.low, self.high)
    }

    /// With a proved upper bound, such as ½ log ρ(Q(η)), which is negative below η*_var.
    #[must_use]
    pub fn bounded_above(self, bound: f64) -> Self {
        let high = self.high.min(bound);
        let (value, low) = (self.value.min(high), self.low.min(high));
        Self { value, low, high, undecided: low <= 0.0 && high >= 0.0, ..self }
    }
}
