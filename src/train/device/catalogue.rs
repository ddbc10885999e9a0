//! What a user can write after `run.backend`, and what it would get here.

use super::gpu::{Gpu, gpus};
use super::{needs, not_built, open};
use crate::config::Backend;

/// One backend, as this build and this machine have it.
#[derive(Debug, Clone)]
pub struct Offer {
    pub backend: Backend,
    /// Its GPUs, `run.device` = 0, 1, …; empty for a CPU backend.
    pub gpus: Vec<Gpu>,
    /// What it lacks to be usable: a cargo feature or a driver.
    pub missing: Option<String>,
}

/// Every backend there is.
pub fn catalogue() -> Vec<Offer> {
    Backend::ALL.into_iter().map(offer).collect()
}

fn offer(backend: Backend) -> Offer {
    let gpus = gpus(backend);
    let missing = if !backend.is_built() {
        Some(not_built(backend))
    } else if backend.is_gpu() && gpus.is_empty() {
        Some(needs(backend).to_owned())
    } else {
        None
    };
    Offer { backend, gpus, missing }
}

/// The backend that `run.backend = "auto"` stands for here, and why in words: the best GPU that
/// works, or else the CPU. CUDA comes before wgpu; a driver that computes on the CPU is no GPU.
pub fn best() -> (Backend, String) {
    let mut reasons = Vec::new();
    for backend in [Backend::Cuda, Backend::Wgpu] {
        let offer = offer(backend);
        let name = backend.name();
        match offer.gpus.first() {
            Some(gpu) if gpu.is_card => match open(backend, 0) {
                Ok(_) => return (backend, format!("{name} on {}", gpu.name)),
                Err(error) => reasons.push(error.fault),
            },
            Some(gpu) => reasons.push(format!("{name} has only {}, which is no GPU", gpu.name)),
            None if backend.is_built() => reasons.push(format!("{name} finds none")),
            None => reasons.push(format!("{name} is not in this build")),
        }
    }
    (Backend::Flex, format!("no GPU ({}): on the CPU", reasons.join("; ")))
}
