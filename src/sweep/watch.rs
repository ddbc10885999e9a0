//! Looks after a run between its steps: progress, interruption, checkpoints.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::checkpoint::{self, Checkpoint};
use super::identity::RunId;
use super::job::{Job, JobError};
use super::progress::Event;
use crate::train::{Engine, Observer, Progress};

/// The observer of one run.
pub struct Watch<'a> {
    job: &'a Job<'a>,
    folder: PathBuf,
    id: RunId,
    started: Instant,
    /// Seconds of training before this process took over.
    before: f64,
    saved: Instant,
    /// Steps of the last state that was saved.
    reached: u64,
    /// Why the state that an interrupted run goes on from could not be saved.
    fault: Option<JobError>,
}

impl<'a> Watch<'a> {
    /// Watches a run that has had `before` seconds of training.
    pub fn new(job: &'a Job<'a>, folder: &Path, id: &RunId, before: f64) -> Self {
        let now = Instant::now();
        let (folder, id) = (folder.to_owned(), id.clone());
        Self { job, folder, id, started: now, before, saved: now, reached: 0, fault: None }
    }

    /// Seconds of training, in this process and before.
    pub fn seconds(&self) -> f64 {
        self.before + self.started.elapsed().as_secs_f64()
    }

    /// How many steps the last saved state had made, or 0.
    ///
    /// # Errors
    /// The state of an interrupted run could not be saved.
    pub fn end(self) -> Result<u64, JobError> {
        self.fault.map_or(Ok(self.reached), Err)
    }

    fn save(&mut self, progress: &Progress, engine: &dyn Engine) -> Result<(), JobError> {
        self.saved = Instant::now();
        // A diverging run has nothing worth going on from, and JSON has no word for NaN.
        if !(progress.epoch_loss.is_finite() && progress.running_loss.is_finite()) {
            return Ok(());
        }
        let checkpoint = Checkpoint {
            progress: progress.clone(),
            engine: engine.snapshot()?,
            seconds: self.seconds(),
        };
        checkpoint::save(&self.folder, &self.id, &checkpoint)?;
        self.reached = progress.steps;
        Ok(())
    }
}

impl Observer for Watch<'_> {
    fn observe(&mut self, progress: &Progress, engine: &dyn Engine) -> ControlFlow<()> {
        let (worker, spec) = (self.job.worker, self.job.spec);
        self.job.reporter.report(&Event::Training { worker, spec, progress });
        if self.job.claim.is_lost() {
            return ControlFlow::Break(());
        }
        if self.job.interrupt.raised() {
            self.fault = self.save(progress, engine).err();
            return ControlFlow::Break(());
        }
        if self.saved.elapsed() >= self.job.checkpoint_interval {
            // A full disk now may be a free one when the run is finished; the run goes on.
            if let Err(error) = self.save(progress, engine) {
                tracing::warn!("run {}: its state could not be saved: {error}", self.id);
            }
        }
        ControlFlow::Continue(())
    }
}
