//! One perturbed run.

use super::perturb::distance;
use super::{GONE, Outcome, Probe, STAYS_WITHIN};
use crate::net::Weights;
use crate::process::EpochSampler;
use crate::train::{Engine, EngineError, engine_at};

/// Trains from `start` at the constant step size `rate` until the last epoch or until it has left.
pub fn follow(
    probe: &Probe<'_>,
    start: &Weights,
    rate: f64,
    repeat: u64,
) -> Result<Outcome, EngineError> {
    let mut engine = engine_at(start, probe.data, probe.loss)?;
    let initial_loss = engine.loss()?;
    let initial_distance = distance(start, probe.weights);
    let sampler = EpochSampler {
        settings: probe.batches,
        samples: probe.data.samples,
        // Batches differ between the repeats and not between the step sizes.
        seed: probe.seed.wrapping_add(1 + repeat),
    };
    let (mut largest, mut last, mut epoch) = (initial_distance, initial_distance, 0);
    while epoch < probe.epochs && last <= GONE * initial_distance {
        one_epoch(engine.as_mut(), &sampler, epoch, rate)?;
        epoch += 1;
        last = distance(&engine.weights()?, probe.weights);
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
