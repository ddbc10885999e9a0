//! The activation σ between the layers of a network.
//!
//! A new activation is one file that implements [`ActivationFunction`], and one variant of [`Activation`].

mod function;
mod kind;
mod relu;

pub use function::ActivationFunction;
pub use kind::Activation;
