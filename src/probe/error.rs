//! Why a minimum cannot be probed.

use crate::process::SamplingError;

/// Why a minimum cannot be probed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProbeError {
    #[error(transparent)]
    BatchSize(#[from] SamplingError),
    /// The length of a perturbation is relative to that of the weights.
    #[error("all weights are 0, and a perturbation relative to their length would be 0 too")]
    Zero,
    /// Single precision rounds θ* + δ to another point.
    #[error(
        "single precision cannot see a perturbation of {perturbation:e} of the weights' length: \
         rounding changes it by more than a tenth; from 1e-6 on it does not"
    )]
    Lost { perturbation: f64 },
}
