//! One run: epochs of SGD from the initial point until the stop rule ends it.

use std::ops::ControlFlow;

use super::engine::Engine;
use super::error::EngineError;
use super::history;
use super::progress::{Outcome, Progress};
use super::stop::StopRule;
use super::warmup::learning_rate;
use crate::config::Schedule;
use crate::process::{Epoch, EpochSampler};

/// Samples between two calls of the observer: some milliseconds of work.
const CHUNK_SAMPLES: usize = 256;

/// Watches a run and may interrupt it.
pub trait Observer {
    /// Called between two steps, every few milliseconds; [`ControlFlow::Break`] interrupts the run.
    fn observe(&mut self, progress: &Progress, engine: &dyn Engine) -> ControlFlow<()>;
}

/// An observer that never interrupts.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn observe(&mut self, _: &Progress, _: &dyn Engine) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Trains from `progress` to the end; `None` if the observer interrupted the run.
///
/// # Errors
/// The engine failed.
pub fn train(
    schedule: &Schedule,
    samples: usize,
    mut progress: Progress,
    engine: &mut dyn Engine,
    observer: &mut dyn Observer,
) -> Result<Option<Outcome>, EngineError> {
    let sampler = EpochSampler { settings: schedule.batches(), samples, seed: schedule.seed };
    let rule = StopRule::new(schedule, engine.loss_infimum());
    let mut reason = progress.stop_reason(&rule);
    while reason.is_none() {
        let rate = learning_rate(schedule.learning_rate, &schedule.warmup, progress.epoch);
        let batches = sampler.epoch(progress.epoch);
        if !epoch(&batches, rate, &mut progress, engine, observer)? {
            return Ok(None);
        }
        engine.end_epoch();
        progress.end_epoch(batches.len());
        let loss = loss_after_epoch(&rule, &progress, engine)?;
        reason = progress.record_epoch(&rule, rate, loss);
    }
    Ok(reason.map(|reason| Outcome { reason, progress }))
}

/// The full-data loss, where the stop rule or the history needs it.
fn loss_after_epoch(
    rule: &StopRule<'_>,
    progress: &Progress,
    engine: &mut dyn Engine,
) -> Result<Option<f64>, EngineError> {
    if !rule.needs_loss(progress.epoch, progress.running_loss) {
        Ok(None)
    } else if history::is_recorded(progress.epoch) || rule.is_last_epoch(progress.epoch) {
        engine.loss().map(Some)
    } else {
        // Above the threshold its value makes no difference.
        engine.loss_within(rule.threshold())
    }
}

/// Makes the steps of one epoch; false if the observer interrupted them.
fn epoch(
    batches: &Epoch,
    rate: f64,
    progress: &mut Progress,
    engine: &mut dyn Engine,
    observer: &mut dyn Observer,
) -> Result<bool, EngineError> {
    while progress.position < batches.len() {
        if observer.observe(progress, engine).is_break() {
            return Ok(false);
        }
        let (rest, batch_size) = batches.equal_batches_from(progress.position);
        let chunk = batch_size * (CHUNK_SAMPLES / batch_size).max(1);
        let part = &rest[..chunk.min(rest.len())];
        progress.epoch_loss += engine.steps(part, batch_size, rate)?;
        progress.steps += part.len().div_ceil(batch_size) as u64;
        progress.position += part.len();
    }
    Ok(true)
}
