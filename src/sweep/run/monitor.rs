//! Monitors a run between its steps: reports progress, saves checkpoints, handles interrupts.

use std::ops::ControlFlow;
use std::time::Instant;

use super::context::RunContext;
use super::error::RunError;
use crate::sweep::events::Event;
use crate::train::{Engine, Observer, Progress};

/// The observer of one run.
pub struct TrainingMonitor<'a> {
    run: &'a RunContext<'a>,
    started: Instant,
    /// Seconds of training in earlier processes.
    earlier_seconds: f64,
    last_save: Instant,
    /// Steps of the last checkpoint.
    saved_steps: u64,
    /// Why the state of an interrupted run could not be saved.
    fault: Option<RunError>,
}

impl<'a> TrainingMonitor<'a> {
    /// Monitors a run that had `earlier_seconds` of training in earlier processes.
    pub fn new(run: &'a RunContext<'a>, earlier_seconds: f64) -> Self {
        let now = Instant::now();
        Self { run, started: now, earlier_seconds, last_save: now, saved_steps: 0, fault: None }
    }

    /// Seconds of training, in this process and earlier ones.
    pub fn seconds(&self) -> f64 {
        self.earlier_seconds + self.started.elapsed().as_secs_f64()
    }

    /// Steps of the last checkpoint of this process, or 0.
    ///
    /// # Errors
    /// The state of an interrupted run could not be saved.
    pub fn finish(self) -> Result<u64, RunError> {
        self.fault.map_or(Ok(self.saved_steps), Err)
    }

    fn save(&mut self, progress: &Progress, engine: &dyn Engine) -> Result<(), RunError> {
        self.last_save = Instant::now();
        if self.run.save_checkpoint(progress, self.seconds(), || engine.snapshot())? {
            self.saved_steps = progress.steps;
        }
        Ok(())
    }
}

impl Observer for TrainingMonitor<'_> {
    fn observe(&mut self, progress: &Progress, engine: &dyn Engine) -> ControlFlow<()> {
        let (worker, spec) = (self.run.worker, self.run.spec);
        self.run.reporter.report(&Event::Training { worker, spec, progress });
        if self.run.claim.is_lost() {
            return ControlFlow::Break(());
        }
        if self.run.interrupt.is_raised() {
            self.fault = self.save(progress, engine).err();
            return ControlFlow::Break(());
        }
        if self.last_save.elapsed() >= self.run.checkpoint_interval {
            // The disk may have space again when the run is finished, so the run continues.
            if let Err(error) = self.save(progress, engine) {
                tracing::warn!("run {}: its state could not be saved: {error}", self.run.id);
            }
        }
        ControlFlow::Continue(())
    }
}
