//! The multilayer perceptron: as a Burn module for training, and in double precision for its derivatives.

mod derivatives;
mod gram;
mod hessian;
mod module;
mod pass;

pub use module::Mlp;
pub use pass::MlpPass;
