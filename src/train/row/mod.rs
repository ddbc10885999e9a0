//! Many runs trained as one computation: a *row* is R runs of one network and batch size, each with
//! its own step size and its own batches, along a leading axis of the tensors.
//!
//! Weights are `[R, inputs, outputs]`; a step is a few batched matrix products with a hand-written
//! gradient. Sample indices are sent to the device and losses read back once for about a thousand
//! samples of every run. A run that ends is removed from the row and the next one added.

mod capacity;
mod fastest;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod kernel_check;
mod kernels;
mod layer;
mod network;
mod row_motion;
mod row_state;
mod step;
mod trainer;

pub use capacity::{bytes_per_run, capacity};
pub use fastest::fastest_network;
pub use network::RowNetwork;
pub use row_state::{NewRun, RowState};
pub use trainer::{End, Row, RunSource, train_row};
