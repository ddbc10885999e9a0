//! From a backend's name to a Burn device that works.

mod catalogue;
mod gpu;

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::{Device, Tensor};

pub use catalogue::{Offer, best, catalogue};
pub use gpu::{Gpu, gpus};

use super::engine::EngineError;
use crate::config::Backend;

/// Opens device `index` of `backend` and computes something small on it.
///
/// # Errors
/// The build lacks the backend or the machine lacks its driver; the message says what would work.
pub fn open(backend: Backend, index: usize) -> Result<Device, EngineError> {
    open_as("run.backend = ", backend, index)
}

/// The same for another setting than `run.backend`: `key` is what is written before the backend.
///
/// # Errors
/// Those of [`open`].
pub fn open_as(key: &str, backend: Backend, index: usize) -> Result<Device, EngineError> {
    let device = select(key, backend, index)?;
    let probe =
        || Tensor::<1>::from_floats([1.0, 2.0], &device).sum().into_data().iter::<f32>().next();
    // Burn's GPU runtimes report a missing driver by a panic.
    match catch_unwind(AssertUnwindSafe(probe)) {
        Ok(Some(3.0)) => Ok(device),
        Ok(other) => Err(unusable(key, backend, &format!("it computes 1 + 2 = {other:?}"))),
        Err(_) => {
            Err(unusable(key, backend, &format!("it cannot compute 1 + 2; {}", needs(backend))))
        }
    }
}

fn select(key: &str, backend: Backend, index: usize) -> Result<Device, EngineError> {
    if !backend.is_built() {
        return Err(unusable(key, backend, &not_built(backend)));
    }
    if backend.is_gpu() {
        let found = gpus(backend);
        let count = found.len();
        return match found.into_iter().nth(index) {
            Some(gpu) => Ok(gpu.device),
            None if count == 0 => Err(unusable(key, backend, needs(backend))),
            None => Err(unusable(key, backend, &no_such(index, count))),
        };
    }
    match index {
        0 => Ok(cpu(backend)),
        _ => Err(unusable(key, backend, &no_such(index, 1))),
    }
}

#[cfg(feature = "ndarray")]
#[expect(deprecated, reason = "kept to compare against, as the feature's comment says")]
fn cpu(backend: Backend) -> Device {
    if backend == Backend::NdArray { Device::ndarray() } else { Device::flex() }
}

#[cfg(not(feature = "ndarray"))]
fn cpu(_: Backend) -> Device {
    Device::flex()
}

fn not_built(backend: Backend) -> String {
    let name = backend.name();
    format!("not in this build; `cargo build --release --features {name}` adds it")
}

/// What a machine needs for `backend`.
fn needs(backend: Backend) -> &'static str {
    match backend {
        Backend::Cuda => {
            "no usable NVIDIA GPU; it needs NVIDIA's driver (libcuda) and, from the CUDA toolkit, \
             NVRTC"
        }
        _ => {
            "no usable adapter; a GPU needs its Vulkan, Metal or DirectX 12 driver (on Debian \
             without a GPU: mesa-vulkan-drivers and libvulkan1)"
        }
    }
}

fn no_such(index: usize, count: usize) -> String {
    let known = if count == 1 { "only 0".to_owned() } else { format!("0 to {}", count - 1) };
    format!("no device {index} here; run.device can be {known}, see `etastar devices`")
}

fn unusable(key: &str, backend: Backend, fault: &str) -> EngineError {
    let works = |other: &Backend| {
        *other != backend && other.is_built() && (!other.is_gpu() || !gpus(*other).is_empty())
    };
    let others: Vec<String> = Backend::ALL
        .into_iter()
        .filter(works)
        .map(|other| format!("{key}\"{}\"", other.name()))
        .collect();
    let advice = match others.len() {
        0 => String::new(),
        _ => format!("; {} would work here", others.join(" or ")),
    };
    EngineError {
        engine: "tensor",
        fault: format!("backend \"{}\": {fault}{advice}", backend.name()),
    }
}
