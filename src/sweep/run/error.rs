//! Why a run could not be finished.

use std::path::PathBuf;

use crate::data::DataError;
use crate::measurement::AnalysisError;
use crate::record::SavedMinimumError;
use crate::store::{RunId, StoreError};
use crate::train::EngineError;

/// A run that could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Minimum(#[from] SavedMinimumError),
    /// The minimum in the run's folder is that of another run.
    #[error("{} is the minimum of run {other}; move it away, and record.json too, to train anew", path.display())]
    ForeignMinimum { path: PathBuf, other: RunId },
    /// The content of a file could not be encoded.
    #[error("cannot encode the {what}: {fault}")]
    Encode { what: &'static str, fault: String },
}
