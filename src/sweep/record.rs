//! What is kept of a finished run.

use serde::{Deserialize, Serialize};

use super::analysis::Analysis;
use super::identity::RunId;
use super::provenance::Provenance;
use crate::config::RunSpec;
use crate::train::StopReason;

/// Version of the record and of what identifies a run.
pub const FORMAT: u32 = 1;

/// `runs/ID/record.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub format: u32,
    pub run_id: RunId,
    /// Its `analysis` is what was measured, which may be more than is asked for today.
    pub spec: RunSpec,
    pub stop_reason: StopReason,
    /// Epochs until the stop; a diverged run's epoch of divergence.
    pub epochs: u64,
    pub steps: u64,
    /// Full-data loss at the end; `None` if it is not finite.
    pub final_loss: Option<f64>,
    /// Seconds of wall time.
    pub train_seconds: f64,
    pub analysis_seconds: f64,
    /// `None` for a diverged run, which has no minimum.
    pub analysis: Option<Analysis>,
    /// Who trained, and who measured unless `measured_by` says otherwise.
    pub provenance: Provenance,
    /// Who measured last, if that was another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_by: Option<Provenance>,
}
