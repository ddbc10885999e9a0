//! The network: a multilayer perceptron with ReLU, its initial point, loss and file format.

mod init;
mod loss;
pub mod minimum;
mod mlp;
mod weights;

pub use init::initial;
pub use loss::squared_error;
pub use mlp::Mlp;
pub use weights::{Layer, Weights, Widths};
