//! At which step sizes does the true, nonlinear SGD stay at a saved minimum after a small perturbation?
//!
//! The thresholds η*_var and η*_as are statements about the linearised process; the probe runs the
//! network itself, with the optimizer of the run. Every run starts at θ* + δ with δ in the range of the Hessian H (outside of it there
//! is no restoring force) and has a constant step size.

mod error;
mod perturbation;
mod request;
mod run;

pub use error::ProbeError;
pub use request::Request;
pub use run::Outcome;
