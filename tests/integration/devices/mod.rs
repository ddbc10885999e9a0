//! Tensors on every backend of the build: `.ci/run` runs these on software Vulkan too.

mod accelerator;
#[cfg(feature = "wgpu")]
mod gpu_kernels;
mod rows;
mod training;
