//! One hidden layer on a GPU in two launches a step, whatever the number of runs.
//!
//! As tensor operations a step is some 23 launches that read W1 twice and write it once. Here
//! `first_layer` applies a step's gradient and multiplies the next batch in one pass over W1, and
//! `output_layer` computes everything in between: 8 bytes a weight and step instead of 12. Larger
//! batches are left to Burn's matrix products.
//!
//! ReLU and the squared error are built in.

#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod first_layer;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod geometry;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod launcher;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod output_layer;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod packed;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod shape;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod steps;

#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub use steps::steps;

/// Samples of a batch whose derivatives a thread keeps in registers.
const MAX_SAMPLES: usize = 16;
/// Outputs whose sums a cube keeps in its 16 KiB of shared memory.
const MAX_OUTPUTS: usize = 16;

/// Whether the kernels support networks with this number of layers and outputs, and this batch size.
pub fn supports(layers: usize, outputs: usize, batch_size: usize) -> bool {
    layers == 2 && batch_size <= MAX_SAMPLES && outputs <= MAX_OUTPUTS
}
