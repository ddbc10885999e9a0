//! Trains a run, or continues it.

use super::context::RunContext;
use super::error::RunError;
use super::monitor::TrainingMonitor;
use super::results::TrainedRun;
use crate::record::{Record, is_complete};
use crate::train::{self, Engine, EngineError, Progress, Snapshot};

/// How the work on a run ended.
#[derive(Debug)]
pub enum RunEnd {
    /// The run had been finished before.
    AlreadyFinished(Box<Record>),
    /// The run has been finished now.
    Finished(Box<Record>),
    /// The run was interrupted; its last checkpoint is `steps` steps later than the one before.
    Interrupted { steps: u64 },
    /// Another process has claimed the run.
    ClaimedByOther,
}

impl RunContext<'_> {
    /// Does what remains to be done for the run.
    pub fn execute(&self) -> Result<RunEnd, RunError> {
        match Record::read(self.store, self.id)? {
            Some(record) if is_complete(&record, self.spec) => {
                Ok(RunEnd::AlreadyFinished(Box::new(record)))
            }
            Some(record) => Ok(RunEnd::Finished(Box::new(self.measure_again(record)?))),
            None => self.train_and_measure(),
        }
    }

    /// Trains from the last checkpoint or from the initial point, and measures.
    fn train_and_measure(&self) -> Result<RunEnd, RunError> {
        let (mut engine, progress, seconds) = match self.load_checkpoint()? {
            Some(saved) => (self.engine(Some(saved.engine))?, saved.progress, saved.seconds),
            None => {
                let mut engine = self.engine(None)?;
                let progress = Progress::begin(engine.as_mut())?;
                (engine, progress, 0.0)
            }
        };
        let first_step = progress.steps;
        let mut monitor = TrainingMonitor::new(self, seconds);
        let samples = self.data.shape.samples;
        let outcome =
            train::train(&self.spec.train, samples, progress, engine.as_mut(), &mut monitor)?;
        let seconds = monitor.seconds();
        let saved_steps = monitor.finish()?;
        let Some(outcome) = outcome else {
            return Ok(if self.claim.is_lost() {
                RunEnd::ClaimedByOther
            } else {
                RunEnd::Interrupted { steps: saved_steps.saturating_sub(first_step) }
            });
        };
        let final_loss = Some(engine.loss()?).filter(|loss| loss.is_finite());
        let weights = engine.weights()?;
        let record = self.finish(TrainedRun { outcome, final_loss, weights, seconds })?;
        Ok(RunEnd::Finished(Box::new(record)))
    }

    fn engine(&self, saved: Option<Snapshot>) -> Result<Box<dyn Engine>, RunError> {
        let open_device = || self.device.open(self.spec.backend).map_err(EngineError::from);
        Ok(train::engine_of_run(self.spec, &*self.data.samples()?, saved, open_device)?)
    }
}
