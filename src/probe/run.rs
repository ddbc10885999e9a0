//! Runs of SGD from perturbed weights.

use rayon::prelude::*;
use serde::Serialize;

use super::perturbation::distance;
use super::request::Request;
use crate::net::Weights;
use crate::process::EpochSampler;
use crate::train::{Engine, EngineError, engine_at};

/// A run stays if its final distance is at most this many times the initial one.
const STAYS_WITHIN: f64 = 10.0;
/// A run ends early at this many times the initial distance.
const ENDS_BEYOND: f64 = 100.0;

/// The result of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// η.
    pub learning_rate: f64,
    /// Index of the repeat.
    pub repeat: u64,
    /// ‖δ‖.
    pub initial_distance: f64,
    /// The largest and the last ‖θ − θ*‖ at the end of an epoch; `None` if not finite.
    pub largest_distance: Option<f64>,
    pub final_distance: Option<f64>,
    /// Loss over all samples at the first and the last point.
    pub initial_loss: f64,
    pub final_loss: Option<f64>,
    pub epochs: u64,
    pub stays: bool,
}

impl Request<'_> {
    /// Runs from all `starts` of [`Request::prepare`] at all step sizes, in order; calls `done` after
    /// every run.
    ///
    /// # Errors
    /// An engine that failed.
    pub fn run(
        &self,
        starts: &[Weights],
        step_sizes: &[f64],
        done: &(dyn Fn() + Sync),
    ) -> Result<Vec<Outcome>, EngineError> {
        let all = |&rate| (0..).zip(starts).map(move |(repeat, start)| (rate, repeat, start));
        let runs: Vec<(f64, u64, &Weights)> = step_sizes.iter().flat_map(all).collect();
        let run = |&(rate, repeat, start): &(f64, u64, &Weights)| {
            let outcome = run_from(self, start, rate, repeat);
            done();
            outcome
        };
        runs.par_iter().map(run).collect()
    }
}

/// Trains from `start`, at rest, at the constant step size `rate` until the last epoch or until it is far away.
fn run_from(
    request: &Request<'_>,
    start: &Weights,
    rate: f64,
    repeat: u64,
) -> Result<Outcome, EngineError> {
    let mut engine = engine_at(start, request.data, request.loss, request.optimizer)?;
    let initial_loss = engine.loss()?;
    let initial_distance = distance(start, request.weights);
    let sampler = EpochSampler {
        settings: request.batches,
        samples: request.data.samples,
        // Batches differ between repeats, not between step sizes.
        seed: request.seed.wrapping_add(1 + repeat),
    };
    let (mut largest, mut last, mut epoch) = (initial_distance, initial_distance, 0);
    while epoch < request.epochs && last <= ENDS_BEYOND * initial_distance {
        one_epoch(engine.as_mut(), &sampler, epoch, rate)?;
        epoch += 1;
        last = distance(&engine.weights()?, request.weights);
        largest = if last.is_nan() { f64::INFINITY } else { largest.max(last) };
    }
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    Ok(Outcome {
        learning_rate: rate,
        repeat,
        initial_distance,
        largest_distance: finite(largest),
        final_distance: finite(last),
        initial_loss,
        final_loss: finite(engine.loss()?),
        epochs: epoch,
        stays: last <= STAYS_WITHIN * initial_distance,
    })
}

fn one_epoch(
    engine: &mut dyn Engine,
    sampler: &EpochSampler,
    epoch: u64,
    rate: f64,
) -> Result<(), EngineError> {
    let steps = sampler.epoch(epoch);
    let mut position = 0;
    while position < steps.len() {
        let (rest, batch_size) = steps.equal_batches_from(position);
        engine.steps(rest, batch_size, rate)?;
        position += rest.len();
    }
    engine.end_epoch();
    Ok(())
}
