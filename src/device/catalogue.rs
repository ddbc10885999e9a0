//! The backends that this build and this machine offer.

use super::backend::Backend;
use super::gpu::{Gpu, gpus};
use super::open::open_device;

/// One backend, as this build and this machine have it.
#[derive(Debug, Clone)]
pub struct BackendInfo {
    pub backend: Backend,
    /// Its GPUs, `run.device` = 0, 1, …; empty for a CPU backend.
    pub gpus: Vec<Gpu>,
    /// What is missing to use it: a cargo feature or a driver.
    pub missing: Option<String>,
}

/// Every backend.
pub fn all_backends() -> Vec<BackendInfo> {
    Backend::ALL.into_iter().map(info).collect()
}

fn info(backend: Backend) -> BackendInfo {
    let gpus = gpus(backend);
    let missing = if !backend.is_built() {
        Some(backend.not_built())
    } else if backend.is_gpu() && gpus.is_empty() {
        Some(backend.requirement().to_owned())
    } else {
        None
    };
    BackendInfo { backend, gpus, missing }
}

/// The backend that `run.backend = "auto"` stands for here, and why in words: the best GPU that
/// works, or else the CPU. CUDA comes before wgpu; a driver that computes on the CPU is no GPU.
pub fn best_backend() -> (Backend, String) {
    let mut reasons = Vec::new();
    for backend in Backend::FOR_GPUS {
        let info = info(backend);
        let name = backend.name();
        match info.gpus.first() {
            Some(gpu) if gpu.is_physical => match open_device(backend, 0) {
                Ok(_) => return (backend, format!("{name} on {}", gpu.name)),
                Err(error) => reasons.push(error.0),
            },
            Some(gpu) => reasons.push(format!("{name} has only {}, which is no GPU", gpu.name)),
            None if backend.is_built() => reasons.push(format!("{name} finds none")),
            None => reasons.push(format!("{name} is not in this build")),
        }
    }
    (Backend::Flex, format!("no GPU ({}): on the CPU", reasons.join("; ")))
}
