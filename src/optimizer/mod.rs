//! How an optimizer makes a step from the gradient of a batch, and how this affects stability.
//!
//! An [`Optimizer`] is one of a few cases, each an [`UpdateRule`] in a file of its own. The rule says
//! which step sizes a curvature allows, how mean-square stability couples two eigenvalues of H (the
//! [`Kernel`]), and how linearised SGD makes a step; [`Optimizer::tensor_step`] is the step of training.
//! Engines with a built-in step support plain SGD only.
//!
//! Notation: H = (1/n) Σ H_i is the Hessian at the minimum, λ_a its eigenvalues, λ_1 the largest one, η
//! the step size, and α and β the coefficients of a batch (see `process`).
//!
//! To add a case: a file with its rule and its tensor step, a line each in `kind` and `training`, and its settings in
//! `config`, from which `Schedule::optimizer` makes it. An optimizer that remembers more than the position adds
//! that to [`State`] and to the engine's snapshot; engines with a built-in step must refuse it
//! (`EngineKind::fits`).

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
