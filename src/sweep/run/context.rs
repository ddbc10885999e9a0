//! One run and everything needed to train and measure it.

use std::path::PathBuf;
use std::time::Duration;

use faer::Par;

use super::error::RunError;
use crate::config::RunSpec;
use crate::data::DataSource;
use crate::record::Provenance;
use crate::stability::solver::accelerator::Accelerator;
use crate::store::{Claim, RunId, Store};
use crate::sweep::checkpoint::{self, Checkpoint, SavedState};
use crate::sweep::device_handle::DeviceHandle;
use crate::sweep::events::{Event, Reporter};
use crate::sweep::interrupt::Interrupt;
use crate::train::{EngineError, Progress, Snapshot};

/// One run and everything needed to train and measure it.
pub struct RunContext<'a> {
    pub store: &'a Store,
    pub claim: &'a Claim,
    pub spec: &'a RunSpec,
    pub id: &'a RunId,
    pub data: &'a DataSource,
    pub par: Par,
    pub worker: usize,
    pub reporter: &'a dyn Reporter,
    pub interrupt: &'a Interrupt,
    /// Interval between two checkpoints.
    pub checkpoint_interval: Duration,
    pub device: &'a DeviceHandle,
    /// For the exact threshold; `None` computes it on the CPU.
    pub accelerator: Option<&'a dyn Accelerator>,
}

impl RunContext<'_> {
    /// The folder of the run.
    pub fn folder(&self) -> PathBuf {
        self.store.run_folder(self.id)
    }

    /// The settings that the run is computed with: the CPU's backend after it has taken over from a
    /// device that failed.
    pub fn actual_spec(&self) -> RunSpec {
        let backend = self.device.actual_backend(self.spec.backend);
        RunSpec { backend, ..self.spec.clone() }
    }

    /// The provenance of a result computed now.
    pub fn provenance(&self) -> Provenance {
        Provenance::now(&self.data.digest, self.device.gpu_name(self.spec.backend))
    }

    /// The run's checkpoint, unless there is none or it is damaged.
    pub fn load_checkpoint(&self) -> Result<Option<Checkpoint>, RunError> {
        match checkpoint::load(&self.folder(), self.id)? {
            SavedState::None => Ok(None),
            SavedState::Valid(checkpoint) => Ok(Some(*checkpoint)),
            SavedState::SetAside { to, fault } => {
                let (spec, to) = (self.spec, to.as_path());
                self.reporter.report(&Event::CheckpointSetAside { spec, to, fault: &fault });
                Ok(None)
            }
        }
    }

    /// Saves the state of the run after `seconds` of training; returns whether it was saved.
    ///
    /// The state of a diverging run is not saved: there is no use in resuming it, and JSON cannot
    /// represent NaN. A run whose claim is lost belongs to another process.
    pub fn save_checkpoint(
        &self,
        progress: &Progress,
        seconds: f64,
        snapshot: impl FnOnce() -> Result<Snapshot, EngineError>,
    ) -> Result<bool, RunError> {
        let is_finite = progress.epoch_loss.is_finite() && progress.running_loss.is_finite();
        if self.claim.is_lost() || !is_finite {
            return Ok(false);
        }
        let checkpoint = Checkpoint { progress: progress.clone(), engine: snapshot()?, seconds };
        checkpoint::save(&self.folder(), self.id, &checkpoint)?;
        Ok(true)
    }
}
