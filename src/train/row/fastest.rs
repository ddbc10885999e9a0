//! The choice between tensor operations and the GPU's own kernels.

use burn_tensor::Device;

#[cfg(any(feature = "wgpu", feature = "cuda"))]
use super::kernel_check;
use super::network::RowNetwork;
use crate::data::Dataset;
use crate::loss::Loss;
use crate::optimizer::Optimizer;

/// An empty row with its data on `device`. It uses the kernels for small batches and plain SGD where the
/// device can run them and they agree with tensor operations.
pub fn fastest_network(
    data: &Dataset,
    loss: Loss,
    optimizer: Optimizer,
    device: &Device,
) -> RowNetwork {
    let network = RowNetwork::new(data, loss, device).with_optimizer(optimizer);
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    if kernel_check::kernels_agree(&device.clone().inner()) {
        return network.with_kernels();
    }
    network
}
