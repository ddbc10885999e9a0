//! One run: epochs of SGD from the initial point until the stop rule speaks.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::engine::{Engine, EngineError};
use super::history::{self, Point};
use super::stop::{StopReason, StopRule};
use super::warmup::learning_rate;
use crate::config::Schedule;
use crate::process::{Epoch, EpochSampler};

/// Samples between two calls of the observer: some milliseconds of work.
const CHUNK_SAMPLES: usize = 256;

/// Where a run stands, apart from its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Epochs finished.
    pub epoch: u64,
    /// Samples of the current epoch that have been used.
    pub position: usize,
    /// Σ ℓ_i over them.
    pub epoch_loss: f64,
    /// SGD steps made.
    pub steps: u64,
    /// Consecutive converged epochs.
    pub streak: u64,
    /// Full-data loss of the initial point.
    pub initial_loss: f64,
    /// Mean sample loss of the last finished epoch.
    pub running_loss: f64,
    pub history: Vec<Point>,
}

/// A finished run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub reason: StopReason,
    pub progress: Progress,
}

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

impl Progress {
    /// The beginning of a run.
    ///
    /// # Errors
    /// The engine failed.
    pub fn begin(engine: &mut dyn Engine) -> Result<Self, EngineError> {
        Ok(Self::start(engine.loss()?))
    }

    /// The beginning of a run whose full-data loss is `initial_loss`.
    pub fn start(initial_loss: f64) -> Self {
        let start = Point {
            epoch: 0,
            step: 0,
            learning_rate: 0.0,
            running_loss: None,
            loss: Some(initial_loss),
        };
        Self {
            epoch: 0,
            position: 0,
            epoch_loss: 0.0,
            steps: 0,
            streak: 0,
            initial_loss,
            running_loss: initial_loss,
            history: vec![start],
        }
    }

    /// Counts an epoch of `length` samples as finished and returns its running loss.
    pub(super) fn close_epoch(&mut self, length: usize) -> f64 {
        self.running_loss = self.epoch_loss / length as f64;
        self.epoch += 1;
        self.position = 0;
        self.epoch_loss = 0.0;
        self.running_loss
    }

    /// What the stop rule says between two epochs, or of a state that was saved there.
    pub(super) fn verdict(&self, schedule: &Schedule) -> Option<StopReason> {
        let rule = StopRule::new(schedule, self.initial_loss);
        let between = self.position == 0 && self.epoch > 0;
        between.then(|| rule.verdict(self.epoch, self.running_loss, self.streak)).flatten()
    }

    /// Takes note of the full-data loss after an epoch at step size `rate`, and of the verdict.
    pub(super) fn note(
        &mut self,
        schedule: &Schedule,
        rate: f64,
        loss: Option<f64>,
    ) -> Option<StopReason> {
        self.streak = StopRule::new(schedule, self.initial_loss).streak(self.streak, loss);
        let verdict = self.verdict(schedule);
        if verdict.is_some() || history::keeps(self.epoch) {
            self.history.push(Point {
                epoch: self.epoch,
                step: self.steps,
                learning_rate: rate,
                running_loss: Some(self.running_loss).filter(|loss| loss.is_finite()),
                loss,
            });
        }
        verdict
    }
}

/// Trains from `progress` to the end; `None` if the observer interrupted.
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
    let mut verdict = progress.verdict(schedule);
    while verdict.is_none() {
        let rate = learning_rate(schedule.learning_rate, &schedule.warmup, progress.epoch);
        let steps = sampler.epoch(progress.epoch);
        if !epoch(&steps, rate, &mut progress, engine, observer)? {
            return Ok(None);
        }
        engine.end_epoch();
        let running = progress.close_epoch(steps.len());
        let loss = loss_after(schedule, &progress, running, engine)?;
        verdict = progress.note(schedule, rate, loss);
    }
    Ok(verdict.map(|reason| Outcome { reason, progress }))
}

/// The full-data loss, where the stop rule or the history wants it.
fn loss_after(
    schedule: &Schedule,
    progress: &Progress,
    running: f64,
    engine: &mut dyn Engine,
) -> Result<Option<f64>, EngineError> {
    let rule = StopRule::new(schedule, progress.initial_loss);
    if !rule.needs_loss(progress.epoch, running) {
        Ok(None)
    } else if history::keeps(progress.epoch) || progress.epoch >= schedule.max_epochs {
        engine.loss().map(Some)
    } else {
        // Above the tolerance, how far above decides nothing.
        engine.loss_within(schedule.tolerance)
    }
}

/// Makes the steps of one epoch; false if the observer interrupted.
fn epoch(
    steps: &Epoch,
    rate: f64,
    progress: &mut Progress,
    engine: &mut dyn Engine,
    observer: &mut dyn Observer,
) -> Result<bool, EngineError> {
    while progress.position < steps.len() {
        if observer.observe(progress, engine).is_break() {
            return Ok(false);
        }
        let (rest, batch_size) = steps.equal_batches_from(progress.position);
        let chunk = batch_size * (CHUNK_SAMPLES / batch_size).max(1);
        let part = &rest[..chunk.min(rest.len())];
        progress.epoch_loss += engine.steps(part, batch_size, rate)?;
        progress.steps += part.len().div_ceil(batch_size) as u64;
        progress.position += part.len();
    }
    Ok(true)
}
