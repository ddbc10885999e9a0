//! Second derivatives at a minimum: the Gram matrix, the Hessian and their extreme eigenvalues.

mod gram;
mod hessian;
mod kernel;
mod lanczos;
mod pass;

pub use gram::{Gram, GramError};
pub use hessian::LossHessian;
pub use kernel::{gram, pull_back};
pub use lanczos::{LinearOperator, Search, Symmetric, TopEigenpair, top_eigenpair};
pub use pass::Pass;
