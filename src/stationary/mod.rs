//! The stationary state of SGD around a minimum that does not interpolate, by \[M\] Cor 13 and by SGD
//! itself.
//!
//! **newton → expansion → prediction → chain → measurement.** The theory replaces the losses of the
//! samples by their second-order expansions at θ*; the chains run the network itself. The gradients
//! g_i at θ* are not 0, so that the true Hessians H_i matter, including the residual term: they may have
//! negative eigenvalues and may act outside the range of H.

mod chain;
mod error;
mod expansion;
mod measurement;
mod newton;
mod prediction;

pub use crate::statistics::Mean;
pub use chain::{Averages, Request};
pub use error::{PARAMETERS, StationaryError};
pub use expansion::Expansion;
pub use measurement::{Measured, Point, Row};
pub use newton::{StationaryPoint, descend};
pub use prediction::Prediction;
