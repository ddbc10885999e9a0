//! The device of a sweep, tested before anything is written.

use std::sync::atomic::{AtomicBool, Ordering};

use burn_tensor::Device;

use super::options::SweepOptions;
use crate::device::{Backend, DeviceError, Gpu, gpus, open_device};
use crate::record::Run;

/// The devices of the backends of a sweep, with the properties of those that are GPUs.
#[derive(Debug)]
pub struct DeviceHandle {
    index: usize,
    gpus: Vec<(Backend, Gpu)>,
    /// Whether the CPU has taken over from a device that failed.
    fell_back: AtomicBool,
}

impl DeviceHandle {
    /// Opens the devices that the runs need.
    ///
    /// # Errors
    /// One does not exist or cannot compute.
    pub fn new(runs: &[Run], options: SweepOptions) -> Result<Self, DeviceError> {
        let index = options.device;
        let mut handle = Self { index, gpus: Vec::new(), fell_back: AtomicBool::new(false) };
        // The fused engine uses no device, but an index that does not exist is an error all the same.
        let mut backends: Vec<Backend> = Vec::new();
        for spec in runs.iter().map(|run| &run.spec) {
            let is_needed = spec.engine.needs_device() || index > 0;
            if is_needed && !backends.contains(&spec.backend) {
                backends.push(spec.backend);
            }
        }
        for backend in backends {
            handle.open(backend)?;
            handle.gpus.extend(gpus(backend).into_iter().nth(index).map(|gpu| (backend, gpu)));
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

    /// The GPU of `backend`, if its device is one.
    pub fn gpu(&self, backend: Backend) -> Option<&Gpu> {
        self.gpus.iter().find(|(of, _)| *of == backend).map(|(_, gpu)| gpu)
    }

    /// The driver's name of the GPU that computes runs planned for `backend`.
    pub fn gpu_name(&self, backend: Backend) -> Option<&str> {
        let gpu = self.gpu(backend).filter(|_| !self.has_fallen_back());
        gpu.map(|gpu| gpu.name.as_str())
    }

    fn has_fallen_back(&self) -> bool {
        self.fell_back.load(Ordering::Relaxed)
    }
}
