//! Second derivatives at a minimum: the Gram matrix of a network and products with its Hessian.

mod hessian;
mod jacobian;
mod pass;

pub use hessian::LossHessian;
pub use jacobian::{gradient, gram, mean_squared_gradient, pull_back};
pub use pass::Pass;
