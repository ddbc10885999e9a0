//! Why there is no stationary state.

use crate::process::SamplingError;
use crate::train::EngineError;

/// Largest number of parameters: a matrix of this side is decomposed for every sample.
pub const PARAMETERS: usize = 2000;

/// Why a minimum has no stationary state, or why it cannot be computed.
#[derive(Debug, thiserror::Error)]
pub enum StationaryError {
    /// Too many parameters for the Hessian of every sample.
    #[error(
        "the network has {found} parameters; the Hessians of all samples are kept whole, for at \
         most {PARAMETERS}: make it smaller with model.hidden and data.pool"
    )]
    Size { found: usize },
    /// Newton's method made no progress.
    #[error(
        "no smooth minimum near: the loss stays at {loss} with a gradient of {gradient:.1e}, at a \
         kink of the ReLUs or because the start is too far away; train longer, or with another \
         model.init_seed"
    )]
    Stuck { gradient: f64, loss: f64 },
    /// The Hessian has a negative eigenvalue.
    #[error(
        "a saddle, no minimum: the Hessian's eigenvalues reach from {lowest:.2e} to {sharpness:.2e}; train longer"
    )]
    Saddle { lowest: f64, sharpness: f64 },
    /// Without noise SGD converges to the minimum.
    #[error(
        "the minimum interpolates: with no gradient of any sample there is no noise, and SGD comes \
         to rest; data.label_noise makes one that does not"
    )]
    Interpolates,
    /// NaN or infinity.
    #[error(
        "the weights are not finite, or so large that their Hessian is not: did training diverge?"
    )]
    NotFinite,
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    #[error(transparent)]
    Engine(#[from] EngineError),
}
