//! How an optimizer makes a step from the gradient of a batch, and how this affects stability.
//!
//! An [`Optimizer`] is one of a few cases, each an [`UpdateRule`] in a file of its own. The rule says
//! which step sizes a curvature allows, how mean-square stability couples two eigenvalues of H (the
//! [`Kernel`]), and how linearised SGD makes a step; [`Optimizer::tensor_step`] is the step of training.
//!
//! Notation: H = (1/n) Σ H_i is the Hessian at the minimum, λ_a its eigenvalues, λ_1 the largest one, η
//! the step size, m the momentum, w the weight decay, and α and β the coefficients of a batch (see `process`).
//! Conventions are those of PyTorch.
//!
//! To add a case: a file with its rule and its tensor step, a line each in `kind` and `training`, and its settings
//! in [`OptimizerSettings`] and in `config`. An optimizer that remembers more than the position and one velocity
//! adds that to [`State`] and to the engine's snapshot; engines that do not support it must refuse it
//! (`EngineKind::fits`).

mod dampened;
mod decoupled_decay;
mod heavy_ball;
mod kernel;
mod kind;
mod linear_modes;
mod linear_step;
mod nesterov;
mod rule;
mod settings;
mod sgd;
mod state;
mod terms;
#[cfg(test)]
mod tests;
mod training;
mod two_step;

pub use dampened::Dampened;
pub use decoupled_decay::DecoupledDecay;
pub use heavy_ball::HeavyBall;
pub use kernel::Kernel;
pub use kind::Optimizer;
pub use linear_modes::LinearMode;
pub use linear_step::LinearStep;
pub use nesterov::Nesterov;
pub use rule::{PencilTerm, UpdateRule};
pub use settings::{OptimizerError, OptimizerSetting, OptimizerSettings};
pub use sgd::Sgd;
pub use state::{LinearGradient, State};
pub use terms::Terms;
