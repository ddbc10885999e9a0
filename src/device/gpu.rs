//! The GPUs that this build and this machine offer.

use burn_tensor::Device;

use super::backend::Backend;

/// The memory of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceMemory {
    /// Bytes in all, if the driver reports them.
    pub total: Option<u64>,
    /// The largest single buffer, if the driver reports it.
    pub buffer: Option<u64>,
}

impl DeviceMemory {
    /// Of a device whose driver reports nothing.
    pub const UNKNOWN: Self = Self { total: None, buffer: None };
}

/// One device of a GPU backend.
#[derive(Debug, Clone)]
pub struct Gpu {
    /// What the driver calls it.
    pub name: String,
    /// Whether it is a physical GPU, and not a driver that computes on the CPU.
    pub is_physical: bool,
    pub memory: DeviceMemory,
    pub(super) device: Device,
}

/// The devices of `backend`, physical GPUs first; none if the build lacks it.
///
/// Opens every one of them; one that cannot be opened is left out.
#[cfg(not(any(feature = "wgpu", feature = "cuda")))]
pub fn gpus(_: Backend) -> Vec<Gpu> {
    Vec::new()
}

/// The devices of `backend`, physical GPUs first; none if the build lacks it.
///
/// Opens every one of them; one that cannot be opened is left out.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub fn gpus(backend: Backend) -> Vec<Gpu> {
    use cubecl::RuntimeId;
    use std::panic::catch_unwind;

    let runtime = match backend {
        Backend::Wgpu => RuntimeId::Wgpu,
        Backend::Cuda => RuntimeId::Cuda,
        Backend::Flex | Backend::NdArray => return Vec::new(),
    };
    // The runtimes report a broken driver by a panic.
    let found = catch_unwind(cubecl::Device::enumerate_all).unwrap_or_default();
    let mine = found.into_iter().filter(|device| device.runtime() == runtime);
    let mut gpus: Vec<Gpu> =
        mine.filter_map(|device| catch_unwind(|| describe(device)).ok()).collect();
    gpus.sort_by_key(|gpu| !gpu.is_physical);
    gpus
}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn describe(device: cubecl::Device) -> Gpu {
    let client = device.client();
    let properties = client.properties();
    let memory = &properties.memory;
    Gpu {
        name: properties.identity.name.clone(),
        is_physical: properties.identity.physical.is_some(),
        memory: DeviceMemory { total: memory.max_memory(), buffer: Some(memory.max_page_size) },
        device: Device::new(device),
    }
}
