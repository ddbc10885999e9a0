//! The activation σ between the layers of a network.
//!
//! A new activation is one file that implements [`ActivationFunction`], and one variant of [`Activation`]; the
//! settings (`ModelConfig::activation`) and the file of a minimum (`net::minimum`) must name it, and engines with a
//! built-in ReLU must refuse it (`EngineKind::fits`).

mod function;
mod kind;
mod relu;

pub use function::ActivationFunction;
pub use kind::Activation;
