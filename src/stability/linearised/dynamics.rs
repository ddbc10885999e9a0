//! What drives linearised SGD.

use crate::optimizer::Optimizer;
use crate::process::BatchProcess;

/// How steps are made, and from which batches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dynamics {
    pub optimizer: Optimizer,
    pub process: BatchProcess,
}

/// Plain SGD.
impl From<BatchProcess> for Dynamics {
    fn from(process: BatchProcess) -> Self {
        Self { optimizer: Optimizer::default(), process }
    }
}
