//! A training step at the memory's speed: one hidden layer, ReLU, plain SGD, quadratic loss, f32, CPU.

mod base;
mod block;
mod error;
mod inputs;
mod isa;
mod network;
mod pixel;
mod problem;
mod run;
mod simd;
mod state;
mod unit;

pub use error::FusedError;
pub use inputs::SparseInputs;
pub use isa::Isa;
pub use network::OneHidden;
pub use problem::Problem;
pub use state::{Layout, Parameters, State};
