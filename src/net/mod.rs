//! The network: a multilayer perceptron, its activation, initial point and file format.

pub mod activation;
mod checksum;
mod init;
pub mod minimum;
mod mlp;
mod pass;
mod weights;

pub use activation::Activation;
pub use init::{Initialization, initial};
pub use mlp::{Mlp, MlpPass};
pub use pass::{HessianProduct, NetworkPass};
pub use weights::{Layer, Weights, Widths};
