//! The GPUs that this build and this machine offer.

use burn::tensor::Device;

use super::super::row::Memory;
use crate::config::Backend;

/// One device of a GPU backend.
#[derive(Debug, Clone)]
pub struct Gpu {
    /// What the driver calls it.
    pub name: String,
    /// Whether it is a card, and not a driver that computes on the CPU.
    pub is_card: bool,
    pub memory: Memory,
    pub(super) device: Device,
}

/// The devices of `backend`, cards first; none if the build lacks it.
///
/// Opens every one of them; one that cannot be opened is left out.
#[cfg(not(any(feature = "wgpu", feature = "cuda")))]
pub fn gpus(_: Backend) -> Vec<Gpu> {
    Vec::new()
}

/// The devices of `backend`, cards first; none if the build lacks it.
///
/// Opens every one of them; one that cannot be opened is left out.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub fn gpus(backend: Backend) -> Vec<Gpu> {
    use burn::cubecl::RuntimeId;
    use std::panic::catch_unwind;

    let runtime = match backend {
        Backend::Wgpu => RuntimeId::Wgpu,
        Backend::Cuda => RuntimeId::Cuda,
        Backend::Flex | Backend::NdArray => return Vec::new(),
    };
    // The runtimes report a broken driver by a panic.
    let found = catch_unwind(burn::cubecl::Device::enumerate_all).unwrap_or_default();
    let mine = found.into_iter().filter(|device| device.runtime() == runtime);
    let mut gpus: Vec<Gpu> =
        mine.filter_map(|device| catch_unwind(|| describe(device)).ok()).collect();
    gpus.sort_by_key(|gpu| !gpu.is_card);
    gpus
}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn describe(device: burn::cubecl::Device) -> Gpu {
    let client = device.client();
    let properties = client.properties();
    let memory = &properties.memory;
    Gpu {
        name: properties.identity.name.clone(),
        is_card: properties.identity.physical.is_some(),
        memory: Memory { total: memory.max_memory(), buffer: Some(memory.max_page_size) },
        device: Device::new(device),
    }
}
