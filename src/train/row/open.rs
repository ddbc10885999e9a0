//! The networks of a row by the fastest means that can be trusted on a device.

use burn::tensor::Device;

#[cfg(any(feature = "wgpu", feature = "cuda"))]
use super::check;
use super::network::RowNetwork;
use crate::data::Dataset;

/// No networks yet, and the data on `device`: with the kernels for small batches where there are any
/// and they compute what tensor operations compute.
pub fn open(data: &Dataset, factor: f64, device: &Device) -> RowNetwork {
    let network = RowNetwork::new(data, factor, device);
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    if check::agree(&device.clone().inner()) {
        return network.with_kernels();
    }
    network
}
