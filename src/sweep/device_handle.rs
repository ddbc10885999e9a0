//! The device of a sweep, tested before anything is written.

use std::sync::atomic::{AtomicBool, Ordering};

use burn_tensor::Device;

use super::options::SweepOptions;
use crate::config::RunSpec;
use crate::device::{Backend, DeviceError, Gpu, gpus, open_device};

/// A device of the backend, and its properties if it is a GPU.
#[derive(Debug)]
pub struct DeviceHandle {
    index: usize,
    gpu: Option<Gpu>,
    /// Whether the CPU has taken over from a device that failed.
    fell_back: AtomicBool,
}

impl DeviceHandle {
    /// Opens the device that the runs need.
    ///
    /// # Errors
    /// It does not exist or cannot compute.
    pub fn new(specs: &[RunSpec], options: SweepOptions) -> Result<Self, DeviceError> {
        let index = options.device;
        let mut handle = Self { index, gpu: None, fell_back: AtomicBool::new(false) };
        // The fused engine uses no device, but an index that does not exist is an error all the same.
        let needed = |spec: &&RunSpec| spec.engine.needs_device() || index > 0;
        if let Some(spec) = specs.first().filter(needed) {
            handle.open(spec.backend)?;
            handle.gpu = gpus(spec.backend).into_iter().nth(index);
        }
        Ok(handle)
    }

    /// Opens the device.
    ///
    /// # Errors
    /// It does not exist or cannot compute.
    pub fn open(&self, backend: Backend) -> Result<Device, DeviceError> {
        let actual = self.actual_backend(backend);
        open_device(actual, if actual == backend { self.index } else { 0 })
    }

    /// Makes the CPU compute from now on, after the device failed.
    pub fn fall_back_to_cpu(&self) {
        self.fell_back.store(true, Ordering::Relaxed);
    }

    /// The backend that computes runs planned for `backend`.
    pub fn actual_backend(&self, backend: Backend) -> Backend {
        if self.has_fallen_back() { Backend::Flex } else { backend }
    }

    /// The GPU, if the device is one.
    pub fn gpu(&self) -> Option<&Gpu> {
        self.gpu.as_ref()
    }

    /// The driver's name of the GPU that computes.
    pub fn gpu_name(&self) -> Option<&str> {
        let gpu = self.gpu.as_ref().filter(|_| !self.has_fallen_back());
        gpu.map(|gpu| gpu.name.as_str())
    }

    fn has_fallen_back(&self) -> bool {
        self.fell_back.load(Ordering::Relaxed)
    }
}
