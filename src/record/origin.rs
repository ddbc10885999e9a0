//! What a saved minimum says of the run that found it.

use serde::{Deserialize, Serialize};

use crate::config::RunSpec;
use crate::store::RunId;
use crate::train::StopReason;

/// Metadata of `minimum.safetensors`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    pub version: String,
    pub run_id: RunId,
    pub stop_reason: StopReason,
    pub spec: RunSpec,
    /// Of the data that it was trained on; `None` in minima of early versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_digest: Option<String>,
}
