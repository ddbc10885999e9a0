//! The device that a sweep was told to use, known to work before anything is written.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;

use super::pool::SweepOptions;
use crate::config::{Backend, EngineKind, RunSpec};
use crate::train::{self, EngineError, Gpu};

/// Which device of the backend, and the GPU behind it.
#[derive(Debug)]
pub struct Placed {
    index: usize,
    gpu: Option<Gpu>,
    /// Whether the CPU has taken over from a device that failed.
    abandoned: AtomicBool,
}

impl Placed {
    /// Opens the device that the runs need.
    ///
    /// # Errors
    /// It is absent or cannot compute.
    pub fn new(specs: &[RunSpec], options: SweepOptions) -> Result<Self, EngineError> {
        let index = options.device;
        let mut placed = Self { index, gpu: None, abandoned: AtomicBool::new(false) };
        // The fused engine needs none, but a device that does not exist is a mistake all the same.
        let needed = |spec: &&RunSpec| spec.engine == EngineKind::Tensor || index > 0;
        if let Some(spec) = specs.first().filter(needed) {
            placed.open(spec.backend)?;
            placed.gpu = train::gpus_of(spec.backend).into_iter().nth(index);
        }
        Ok(placed)
    }

    /// The device.
    ///
    /// # Errors
    /// It is absent or cannot compute.
    pub fn open(&self, backend: Backend) -> Result<Device, EngineError> {
        let actual = self.actual(backend);
        train::open_device(actual, if actual == backend { self.index } else { 0 })
    }

    /// Leaves a device that failed to the CPU.
    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    /// The backend that computes what was planned for `backend`.
    pub fn actual(&self, backend: Backend) -> Backend {
        if self.abandoned.load(Ordering::Relaxed) { Backend::Flex } else { backend }
    }

    /// The GPU, if it is one.
    pub fn gpu(&self) -> Option<&Gpu> {
        self.gpu.as_ref()
    }

    /// What the driver calls the GPU.
    pub fn name(&self) -> Option<&str> {
        let gpu = self.gpu.as_ref().filter(|_| !self.abandoned.load(Ordering::Relaxed));
        gpu.map(|gpu| gpu.name.as_str())
    }
}
