//! A row of a sweep in one program: runs that share the batch size, each with its own step size and
//! stream of batches, are one computation with a leading run axis.
//!
//! Weights are `[R, inputs, outputs]`; a step is a few batched matrix products, the gradient written
//! out by hand. Indices go to the device once and losses come back once for about a thousand
//! samples of every run. A run that ends leaves the row, and a waiting one takes its place.

mod capacity;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod check;
mod kernels;
mod layer;
mod network;
mod open;
mod row_state;
mod step;
mod trainer;

pub use capacity::{bytes_per_run, capacity};
pub use network::RowNetwork;
pub use open::open;
pub use row_state::{NewRun, RowState};
pub use trainer::{End, Row, RunSource, train_row};
