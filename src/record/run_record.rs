//! The record of a finished run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::identity::FORMAT;
use super::provenance::Provenance;
use crate::config::RunSpec;
use crate::measurement::Analysis;
use crate::store::{self, RunId, Store, StoreError};
use crate::train::StopReason;

/// `runs/ID/record.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of the format.
    pub format: u32,
    pub run_id: RunId,
    /// The settings of the run. `analysis` has those of the measurements in this record, which may be
    /// more than are requested today.
    pub spec: RunSpec,
    pub stop_reason: StopReason,
    /// Epochs until the stop; for a diverged run the epoch of divergence.
    pub epochs: u64,
    pub steps: u64,
    /// Full-data loss at the end; `None` if it is not finite.
    pub final_loss: Option<f64>,
    /// Seconds of wall time.
    pub train_seconds: f64,
    pub analysis_seconds: f64,
    /// `None` for a diverged run, which has no minimum.
    pub analysis: Option<Analysis>,
    /// What trained, and what measured unless `measured_by` is set.
    pub provenance: Provenance,
    /// What measured last, if that happened later than the training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_by: Option<Provenance>,
}

impl Record {
    /// Path of the record of run `id`.
    pub fn path(store: &Store, id: &RunId) -> PathBuf {
        store.run_folder(id).join("record.json")
    }

    /// The record of run `id`; `None` if it is not finished.
    ///
    /// # Errors
    /// A damaged record.
    pub fn read(store: &Store, id: &RunId) -> Result<Option<Self>, StoreError> {
        let path = Self::path(store, id);
        let mut record: Option<Self> = store::read_json(&path)?;
        let fault = record.as_ref().and_then(|record| record.fault(id));
        if let Some(fault) = fault {
            return Err(StoreError::Damaged { path, fault });
        }
        if let Some(analysis) = record.as_mut().and_then(|record| record.analysis.as_mut()) {
            analysis.drop_unconverged();
        }
        Ok(record)
    }

    /// Why this is not the record of run `id`.
    fn fault(&self, id: &RunId) -> Option<String> {
        if self.run_id != *id {
            Some(format!("it is the record of run {}", self.run_id))
        } else if self.format > FORMAT {
            Some(format!("its format {} is that of a later version", self.format))
        } else {
            None
        }
    }

    /// Writes the record, which makes its run a finished one.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, store: &Store) -> Result<(), StoreError> {
        store::write_json(&Self::path(store, &self.run_id), self)
    }
}
