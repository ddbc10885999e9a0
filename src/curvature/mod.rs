//! Second derivatives at a minimum: the Gram matrix, the Hessian and their extreme eigenvalues.

pub mod gram;
mod hessian;
mod kernel;
mod lanczos;
pub mod npy;
mod pass;

pub use gram::{Gram, GramError};
pub use hessian::LossHessian;
pub use kernel::{gradient, gram, mean_squared_gradient, pull_back};
pub use lanczos::{Eigenpair, LinearOperator, Search, Symmetric, top_eigenpair};
pub use pass::Pass;
