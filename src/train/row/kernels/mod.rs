//! One hidden layer on a GPU in two launches a step, whatever the number of runs.
//!
//! As tensor operations a step is some 23 launches that read W1 twice and write it once. Here
//! `advance` applies a step's gradient and multiplies the next batch in one pass over W1, and
//! `respond` does the little that lies between: 8 bytes a weight and step in place of 12. Larger
//! batches are matrix products, which Burn has.

#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod advance;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod head;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod place;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod respond;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod session;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod steps;

#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub use steps::steps;

/// Samples of a batch whose derivatives a thread keeps in registers.
const MOST_SAMPLES: usize = 16;
/// Outputs whose sums a cube keeps in its 16 KiB of shared memory.
const MOST_OUTPUTS: usize = 16;

/// Whether the kernels are for networks of so many layers and outputs, and this batch size.
pub fn suit(layers: usize, outputs: usize, batch_size: usize) -> bool {
    layers == 2 && batch_size <= MOST_SAMPLES && outputs <= MOST_OUTPUTS
}
