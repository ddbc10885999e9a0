//! From a backend to a Burn device that works.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn_tensor::{Device, Tensor};

use super::backend::Backend;
use super::gpu::gpus;

/// A device that is absent or cannot compute; the message says what would work.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DeviceError(pub String);

/// Opens device `index` of `backend` and computes something small on it.
///
/// # Errors
/// The build lacks the backend or the machine lacks its driver; the message says what would work.
pub fn open_device(backend: Backend, index: usize) -> Result<Device, DeviceError> {
    open_device_for("run.backend = ", backend, index)
}

/// The same for another setting than `run.backend`: `setting` is what a user writes before the backend.
///
/// # Errors
/// Those of [`open_device`].
pub fn open_device_for(
    setting: &str,
    backend: Backend,
    index: usize,
) -> Result<Device, DeviceError> {
    let device = select(setting, backend, index)?;
    let sum =
        || Tensor::<1>::from_floats([1.0, 2.0], &device).sum().into_data().iter::<f32>().next();
    // Burn's GPU runtimes report a missing driver by a panic.
    match catch_unwind(AssertUnwindSafe(sum)) {
        Ok(Some(3.0)) => Ok(device),
        Ok(other) => Err(cannot_use(setting, backend, &format!("it computes 1 + 2 = {other:?}"))),
        Err(_) => Err(cannot_use(
            setting,
            backend,
            &format!("it cannot compute 1 + 2; {}", backend.requirement()),
        )),
    }
}

fn select(setting: &str, backend: Backend, index: usize) -> Result<Device, DeviceError> {
    if !backend.is_built() {
        return Err(cannot_use(setting, backend, &backend.not_built()));
    }
    if backend.is_gpu() {
        let found = gpus(backend);
        let count = found.len();
        return match found.into_iter().nth(index) {
            Some(gpu) => Ok(gpu.device),
            None if count == 0 => Err(cannot_use(setting, backend, backend.requirement())),
            None => Err(cannot_use(setting, backend, &no_such_device(index, count))),
        };
    }
    match index {
        0 => Ok(cpu(backend)),
        _ => Err(cannot_use(setting, backend, &no_such_device(index, 1))),
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

fn no_such_device(index: usize, count: usize) -> String {
    let known = if count == 1 { "only 0".to_owned() } else { format!("0 to {}", count - 1) };
    format!("no device {index} here; run.device can be {known}, see `etastar devices`")
}

fn cannot_use(setting: &str, backend: Backend, fault: &str) -> DeviceError {
    let works = |other: &Backend| {
        *other != backend && other.is_built() && (!other.is_gpu() || !gpus(*other).is_empty())
    };
    let others: Vec<String> = Backend::ALL
        .into_iter()
        .filter(works)
        .map(|other| format!("{setting}\"{}\"", other.name()))
        .collect();
    let advice = match others.len() {
        0 => String::new(),
        _ => format!("; {} would work here", others.join(" or ")),
    };
    DeviceError(format!("backend \"{}\": {fault}{advice}", backend.name()))
}
