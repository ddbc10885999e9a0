//! Errors of training.

use crate::device::{DeviceError, EngineKind};

/// A device or an engine that failed.
#[derive(Debug, thiserror::Error)]
#[error("{engine} engine: {fault}")]
pub struct EngineError {
    pub engine: &'static str,
    pub fault: String,
}

impl From<DeviceError> for EngineError {
    fn from(error: DeviceError) -> Self {
        Self { engine: EngineKind::Tensor.name(), fault: error.0 }
    }
}
