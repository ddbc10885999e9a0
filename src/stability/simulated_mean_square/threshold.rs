//! η*_var by simulation: the step size at which E‖θ‖² stops shrinking.

use faer::Mat;
use faer::prelude::SolveLstsq;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::population::Population;
use crate::optimizer::Optimizer;
use crate::process::{BatchProcess, Batches, SamplingError};
use crate::stability::epoch_moment::{EpochMoment, NoThreshold};
use crate::stability::linearised::{Dynamics, GramFactor};
use crate::stability::side::Side;
use crate::statistics::Mean;

/// η*_var of a process by simulation, with a 95% interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SimulatedThreshold {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// Whether the interval can be relied on; `true` in records of earlier versions, which did not tell.
    #[serde(default = "yes")]
    pub settled: bool,
    /// Whether it is no simulation: the mean over all shuffles was taken, and the interval is rounding.
    #[serde(default)]
    pub exact: bool,
}

fn yes() -> bool {
    true
}

impl SimulatedThreshold {
    /// The side of `step_size`; an interval that is not settled decides nothing.
    pub fn side(&self, step_size: f64) -> Side {
        if self.settled {
            Side::of_step_size(step_size, self.low, self.high)
        } else {
            Side::Undecided
        }
    }

    /// A threshold between two step sizes that is no simulation.
    fn exact(value: f64, low: f64, high: f64) -> Self {
        Self { value, low, high, settled: true, exact: true }
    }
}

/// Size of the simulation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PopulationOptions {
    /// Independent populations, at least two: their scatter gives the interval.
    pub populations: usize,
    /// Walks in each.
    pub walks: usize,
    /// Rounds around the threshold, each of one epoch or as long as a velocity lasts, from which a population finds
    /// it.
    pub rounds: usize,
    pub seed: u64,
}

impl PopulationOptions {
    /// Four populations of 32 walks; more where walks are cheap, as small networks may have rarer and
    /// stronger bursts of growth.
    pub fn for_factor(factor: &GramFactor) -> Self {
        let numbers = factor.samples() * factor.outputs() * factor.rank().max(1);
        let walks = (20_000_000 / numbers).clamp(32, 256);
        Self { populations: 4, walks, rounds: 64, seed: 0 }
    }
}

/// Why a threshold cannot be found.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum SimulationError {
    /// A batch size outside 1..=n.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// Not a positive number.
    #[error("the step size {0} is not a positive number")]
    StepSize(f64),
    /// Too little simulation for an interval.
    #[error(
        "{populations} populations of {walks} walks over {rounds} rounds are too few: \
         at least 2, 1 and 8"
    )]
    TooSmall { populations: usize, walks: usize, rounds: usize },
    /// E‖θ‖² shrinks.
    #[error("E‖θ‖² does not grow at any step size up to {0:e}")]
    NeverUnstable(f64),
    /// Growth that does not rise with η near the step size.
    #[error("the growth of E‖θ‖² does not cross 0 about the step size {0:e}")]
    NoCrossing(f64),
}

/// Relative increase of η in a round while the unstable direction is searched.
const INCREASE: f64 = 0.03;
/// Gain of log E‖θ‖² in a round at which that direction has been found.
const FAST_GROWTH: f64 = 0.5;
/// By how many e-folds of E‖θ‖² it then has to outgrow all others: near the threshold, where it hardly
/// grows, these would make E‖θ‖² shrink.
const DOMINANCE: f64 = 12.0;
/// Relative decrease of η in a round from there to the threshold.
const DECREASE: f64 = 0.02;
/// Half of the range of log η that is swept.
const SWEEP: f64 = 0.02;
/// How much of the range lies below the threshold. There the growing direction loses ground to others that
/// decay more slowly, and once these have replaced it, the growth has a kink.
const BELOW: f64 = 0.005;
/// How far from the threshold of the sweep before that of a sweep may be.
const AGREEMENT: f64 = 0.01;
/// Variance of log E‖θ‖² in a round beyond which the walks are too few for what carries it.
const MOST_VARIANCE: f64 = 0.05;
/// Relative error of a sweep, from the parabola, from walks that lag behind η, and from slow modes that bend the
/// growth just above the threshold: with it the settled intervals of random problems that are small enough for
/// the mean over all shuffles contain the exact threshold in 95% (`tests/integration/coverage.rs`).
const RESOLUTION: f64 = 2e-3;
/// Most sweeps of a population.
const MAX_SWEEPS: usize = 24;
/// The largest step size tried, as a multiple of the starting point.
const FARTHEST: f64 = 1e4;

/// η*_var of `process` from `start`, a step size of its order such as that of independent batches.
///
/// Every population increases η until E‖θ‖² grows fast, and stays there until the direction that carries
/// the growth dominates the thousands that hardly decay. It decreases η to where growth ends, and sweeps
/// log η up and down from a little below that point to well above it. A parabola in log η is fitted to the growth there; the threshold
/// is where it crosses 0, as the lag of the walks behind η cancels between up and down. The product of
/// the gains has the right mean and is nearly log-normal, so that its logarithm is too low by half its
/// variance, which the residuals of the fit give.
///
/// Cost: some 150 epochs of populations × walks, each of 2·n·q·rank multiplications.
///
/// # Errors
/// A bad batch size or start; nothing grows, or growth does not rise with η.
pub fn eta_var(
    factor: &GramFactor,
    dynamics: impl Into<Dynamics>,
    start: f64,
    options: PopulationOptions,
) -> Result<SimulatedThreshold, SimulationError> {
    let dynamics = dynamics.into();
    let batches = Batches::new(dynamics.process, factor.samples())?;
    if !(start > 0.0 && start.is_finite()) {
        return Err(SimulationError::StepSize(start));
    }
    if options.populations < 2 || options.walks == 0 || options.rounds < 8 {
        let PopulationOptions { populations, walks, rounds, .. } = options;
        return Err(SimulationError::TooSmall { populations, walks, rounds });
    }
    let epoch = (factor.samples() as f64 / batches.mean_size()).round().max(1.0) as u64;
    // Several epochs if a velocity lasts longer than one.
    let memory = dynamics.optimizer.rule().linear_step(start).memory();
    let epoch = epoch * memory.div_ceil(epoch);
    let edge = |number: u64| {
        let population = Population::new(factor, dynamics, options.walks, options.seed, number)?;
        let search = Search { population, epoch, log_rate: start.ln(), variance: 0.0 };
        search.threshold(start, options.rounds)
    };
    let edges: Vec<Edge> = (0..options.populations as u64)
        .into_par_iter()
        .map(edge)
        .collect::<Result<_, SimulationError>>()?;
    Ok(mean(&edges))
}

/// η*_var of shuffled epochs of batches of B: exact where the samples are few enough, by simulation with
/// the default options elsewhere.
///
/// `independent` is η*_var of independent batches, where the search starts: where growth rises through
/// 0 more than once, the crossing closest to it is found. The full batch is the same in every shuffle:
/// the answer is `mean` = η*_mean.
///
/// # Errors
/// Those of [`eta_var`].
pub fn eta_var_of_epochs(
    factor: &GramFactor,
    optimizer: Optimizer,
    batch_size: usize,
    mean: f64,
    independent: f64,
) -> Result<SimulatedThreshold, SimulationError> {
    if batch_size == factor.samples() {
        return Ok(SimulatedThreshold::exact(mean, mean, mean));
    }
    let dynamics = Dynamics { optimizer, process: BatchProcess::shuffled(batch_size) };
    Batches::new(dynamics.process, factor.samples())?;
    if let Some(moment) = EpochMoment::of(factor, optimizer, batch_size) {
        let found = moment.threshold(independent).map_err(|none| match none {
            NoThreshold::NeverUnstable(farthest) => SimulationError::NeverUnstable(farthest),
            NoThreshold::NeverStable(farthest) => SimulationError::NoCrossing(farthest),
        })?;
        return Ok(SimulatedThreshold::exact(found.value, found.low, found.high));
    }
    eta_var(factor, dynamics, independent, PopulationOptions::for_factor(factor))
}

/// The mean of log step sizes from independent populations, with Student's interval widened by
/// [`RESOLUTION`].
fn mean(edges: &[Edge]) -> SimulatedThreshold {
    let Mean { value, error } =
        Mean::of(&edges.iter().map(|edge| edge.log_rate).collect::<Vec<_>>());
    let variance = edges.iter().map(|edge| edge.variance).sum::<f64>() / edges.len() as f64;
    let half_width = (quantile(edges.len() - 1) * error).hypot(RESOLUTION);
    let at = |log_rate: f64| log_rate.exp();
    SimulatedThreshold {
        value: at(value),
        low: at(value - half_width),
        high: at(value + half_width),
        settled: variance < MOST_VARIANCE,
        exact: false,
    }
}

/// The two-sided 95% quantile of Student's t with `freedom` ≥ 1 degrees of freedom, that of 10
/// beyond.
fn quantile(freedom: usize) -> f64 {
    const TABLE: [f64; 10] =
        [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    TABLE[(freedom - 1).min(TABLE.len() - 1)]
}

/// One population on its way to the threshold.
struct Search<'f> {
    population: Population<'f>,
    /// Steps of a round: whole epochs.
    epoch: u64,
    log_rate: f64,
    /// Σ over the rounds of the present sweep.
    variance: f64,
}

/// What one population found.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// log η at which E‖θ‖² neither grows nor shrinks.
    log_rate: f64,
    /// Mean variance of the growth in a round.
    variance: f64,
}

/// log η and log E‖θ‖² gained in one round.
type Point = (f64, f64);

impl Search<'_> {
    fn threshold(mut self, start: f64, rounds: usize) -> Result<Edge, SimulationError> {
        self.find_growth(FARTHEST * start)?;
        self.find_decay(start / FARTHEST)?;
        let mut edge = self.log_rate + DECREASE;
        for number in 0..MAX_SWEEPS {
            // The first sweep only tells where to make the next one.
            let rounds = if number == 0 { (rounds / 2).max(8) } else { rounds };
            let centre = edge - BELOW + SWEEP;
            let points = self.sweep(centre, rounds);
            match crossing(&points, centre) {
                Some(found) if number > 0 && (found - edge).abs() < AGREEMENT => {
                    return Ok(Edge { log_rate: found, variance: self.variance / rounds as f64 });
                }
                Some(found) if (found - centre).abs() < 2.0 * SWEEP => edge = found,
                _ => {
                    let grows = points.iter().map(|point| point.1).sum::<f64>() > 0.0;
                    edge += if grows { -SWEEP } else { SWEEP };
                }
            }
        }
        Err(SimulationError::NoCrossing(self.log_rate.exp()))
    }

    /// Increases η until E‖θ‖² grows fast, and stays until the growing direction dominates.
    fn find_growth(&mut self, farthest: f64) -> Result<(), SimulationError> {
        let mut outgrown = 0.0;
        while outgrown < DOMINANCE {
            let gain = self.round();
            if gain >= FAST_GROWTH {
                outgrown += gain;
            } else if self.log_rate > farthest.ln() {
                return Err(SimulationError::NeverUnstable(farthest));
            } else {
                self.log_rate += INCREASE;
            }
        }
        Ok(())
    }

    /// Decreases η until E‖θ‖² does not grow in two rounds.
    fn find_decay(&mut self, farthest: f64) -> Result<(), SimulationError> {
        let mut shrunk = 0;
        while shrunk < 2 {
            self.log_rate -= DECREASE;
            shrunk = if self.round() < 0.0 { shrunk + 1 } else { 0 };
            if self.log_rate < farthest.ln() {
                return Err(SimulationError::NoCrossing(farthest));
            }
        }
        Ok(())
    }

    fn round(&mut self) -> f64 {
        let found = self.population.round(self.log_rate.exp(), self.epoch);
        self.variance += found.variance;
        found.gain
    }

    /// Rounds with log η from the lower end of the range up and down, twice.
    fn sweep(&mut self, centre: f64, rounds: usize) -> Vec<Point> {
        self.variance = 0.0;
        let mut at = |k: usize| {
            let phase = (2.0 * (k as f64 + 0.5) / rounds as f64).fract();
            let height = if phase < 0.5 { 4.0 * phase - 1.0 } else { 3.0 - 4.0 * phase };
            self.log_rate = centre + SWEEP * height;
            (self.log_rate, self.round())
        };
        (0..rounds).map(&mut at).collect()
    }
}

/// Where the least-squares parabola of `points` rises through 0 closest to `centre`.
fn crossing(points: &[Point], centre: f64) -> Option<f64> {
    let place = |point: &Point| (point.0 - centre) / SWEEP;
    let powers = Mat::from_fn(points.len(), 3, |row, power| place(&points[row]).powi(power as i32));
    let growth = Mat::from_fn(points.len(), 1, |row, _| points[row].1);
    let fit = powers.qr().solve_lstsq(&growth);
    let residuals: Vec<f64> = (growth - powers * &fit).col(0).iter().copied().collect();
    let [level, slope, bend] = [0, 1, 2].map(|power| fit[(power, 0)]);
    let level = level + 0.5 * variance(&residuals);
    // The root that is −level/slope where the bend vanishes.
    let root = -2.0 * level / (slope + (slope * slope - 4.0 * bend * level).sqrt());
    (slope > 0.0 && root.is_finite()).then_some(centre + SWEEP * root)
}

/// The variance of independent `residuals` (von Neumann 1941): half of the mean square of successive
/// differences, on which slow errors of the fit or of the lag have little effect.
fn variance(residuals: &[f64]) -> f64 {
    let squares: f64 = residuals.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
    0.5 * squares / (residuals.len() - 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(growth: impl Fn(f64) -> f64) -> Vec<Point> {
        let place = |k: usize| SWEEP * (k as f64 / 20.0 - 1.0);
        (0..=40).map(|k| (0.3 + place(k), growth(place(k)))).collect()
    }

    #[test]
    fn a_parabola_is_crossed_where_it_rises() {
        let found = crossing(&sweep(|x| 2.0 * (x - 0.005) + 30.0 * (x * x - 0.005 * 0.005)), 0.3);
        assert!((found.unwrap() - 0.305).abs() < 1e-12, "{found:?}");
        assert_eq!(crossing(&sweep(|x| 0.01 - x), 0.3), None);
        assert_eq!(crossing(&sweep(|_| f64::NEG_INFINITY), 0.3), None);
    }

    /// E exp(y) = 1 for a normal y with the mean −½ of its variance.
    #[test]
    fn half_of_the_variance_is_added() {
        let shift = |height: f64| {
            let noise = |k: usize| if k.is_multiple_of(2) { height } else { -height };
            let points = sweep(|x| 50.0 * x).into_iter().enumerate();
            let points: Vec<Point> =
                points.map(|(k, (x, growth))| (x, growth + noise(k))).collect();
            50.0 * (0.3 - crossing(&points, 0.3).unwrap())
        };
        // What the fit makes of the noise itself is odd in it; half the mean square of the differences,
        // which are 0.2, is 0.02.
        let mean = f64::midpoint(shift(0.1), shift(-0.1));
        assert!((mean - 0.5 * 0.02).abs() < 1e-4, "{mean}");
    }
}
