//! How a step is made from the gradient of a batch, and what that makes of stability.
//!
//! An [`Optimizer`] is one of a few cases, each an [`UpdateRule`] in a file of its own. The rule says
//! which step sizes a curvature allows, how mean-square stability couples two eigenvalues of H (the
//! [`Kernel`]), and how linearised SGD makes a step; [`Optimizer::tensor_step`] is the step of training.
//! The engines whose kernels contain the step make that of plain SGD.
//!
//! Notation: H = (1/n) Σ H_i is the Hessian at the minimum, λ_a its eigenvalues, λ_1 the largest one, η
//! the step size, and α and β the coefficients of a batch (see `process`).
//!
//! To add a case: a file with its rule and its tensor step, and a line each in `kind` and `training`.

mod kernel;
mod kind;
mod rule;
mod sgd;
mod state;
mod training;

pub use kernel::Kernel;
pub use kind::Optimizer;
pub use rule::UpdateRule;
pub use state::{LinearGradient, State};
