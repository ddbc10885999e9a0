//! What can go wrong between a configuration and its tables.

use crate::process::SamplingError;
use crate::{
    gram::{GramError, npy::NpyError},
    memory::NotEnoughMemory,
    stability::{
        almost_sure::LyapunovError, second_moment::stationary::StationaryError,
        spectrum::SpectrumError, thresholds::ThresholdsError,
    },
};

/// Why an experiment has no result.
#[derive(Debug, thiserror::Error)]
pub enum QuadraticError {
    /// `problem.path` cannot be used.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// The problem is too large for this machine.
    #[error(transparent)]
    Memory(#[from] NotEnoughMemory),
    /// The problem has no usable Gram matrix.
    #[error(transparent)]
    Gram(#[from] GramError),
    /// No eigendecomposition.
    #[error(transparent)]
    Spectrum(#[from] SpectrumError),
    /// A batch size outside 1..=n.
    #[error("`sgd.batch_size`: {0}")]
    Sampling(#[from] SamplingError),
    /// No thresholds.
    #[error(transparent)]
    Thresholds(#[from] ThresholdsError),
    /// No exponent.
    #[error(transparent)]
    Lyapunov(#[from] LyapunovError),
    /// No stationary distribution.
    #[error("{0}; lower `stationary.fractions`")]
    Stationary(#[from] StationaryError),
}

impl QuadraticError {
    /// Whether other settings, or another file, would help; the rest are failures of the numerics.
    pub fn is_of_the_settings(&self) -> bool {
        match self {
            Self::Spectrum(error)
            | Self::Thresholds(ThresholdsError::Spectrum(error))
            | Self::Lyapunov(LyapunovError::Spectrum(error)) => {
                matches!(error, SpectrumError::Gram(_))
            }
            _ => true,
        }
    }
}
