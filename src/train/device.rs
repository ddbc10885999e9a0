//! From a backend's name to a Burn device that works.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::{Device, Tensor};

use super::engine::EngineError;
use crate::config::Backend;

/// Opens the device of `backend` and computes something small on it.
///
/// # Errors
/// The build lacks the backend or the machine lacks its driver; the message says what would work.
pub fn open(backend: Backend) -> Result<Device, EngineError> {
    let device = select(backend)?;
    let probe =
        || Tensor::<1>::from_floats([1.0, 2.0], &device).sum().into_data().iter::<f32>().next();
    // Burn's GPU runtimes report a missing driver by a panic.
    match catch_unwind(AssertUnwindSafe(probe)) {
        Ok(Some(3.0)) => Ok(device),
        Ok(other) => Err(unusable(backend, &format!("it computes 1 + 2 = {other:?}"))),
        Err(_) => Err(unusable(
            backend,
            "no usable adapter; a GPU needs its Vulkan, Metal or DirectX 12 driver (on Debian \
             without a GPU: mesa-vulkan-drivers and libvulkan1)",
        )),
    }
}

fn select(backend: Backend) -> Result<Device, EngineError> {
    match backend {
        Backend::Flex => Ok(Device::flex()),
        Backend::NdArray => ndarray(),
        Backend::Wgpu => wgpu(),
    }
}

#[cfg(feature = "ndarray")]
#[expect(deprecated, reason = "kept to compare against, as the feature's comment says")]
fn ndarray() -> Result<Device, EngineError> {
    Ok(Device::ndarray())
}

#[cfg(not(feature = "ndarray"))]
fn ndarray() -> Result<Device, EngineError> {
    Err(not_built(Backend::NdArray))
}

#[cfg(feature = "wgpu")]
fn wgpu() -> Result<Device, EngineError> {
    Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
}

#[cfg(not(feature = "wgpu"))]
fn wgpu() -> Result<Device, EngineError> {
    Err(not_built(Backend::Wgpu))
}

#[cfg(not(all(feature = "ndarray", feature = "wgpu")))]
fn not_built(backend: Backend) -> EngineError {
    let name = backend.name();
    unusable(
        backend,
        &format!("this build lacks it: build with `cargo build --release --features {name}`"),
    )
}

fn unusable(backend: Backend, fault: &str) -> EngineError {
    let others: Vec<&str> = built().filter(|other| *other != backend).map(Backend::name).collect();
    let advice = if others.is_empty() {
        String::new()
    } else {
        format!("; run.backend = \"{}\" would work here", others[0])
    };
    EngineError {
        engine: "tensor",
        fault: format!("backend \"{}\": {fault}{advice}", backend.name()),
    }
}

fn built() -> impl Iterator<Item = Backend> {
    [(true, Backend::Flex), (cfg!(feature = "ndarray"), Backend::NdArray)]
        .into_iter()
        .filter_map(|(built, backend)| built.then_some(backend))
}
