//! The device on which the exact thresholds are iterated.

use burn_tensor::Device;
use serde::{Deserialize, Serialize};

use super::backend::Backend;
use super::catalogue::best_backend;
use super::gpu::{DeviceMemory, gpus};
use super::open::{DeviceError, open_device_for};

/// Where the iterations of the exact threshold are computed; its certificate is the CPU's, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnalysisBackend {
    /// The best GPU, if there is one and it proves faster.
    Auto,
    /// Our own kernels.
    Cpu,
    #[serde(untagged)]
    On(Backend),
}

/// A device for the analysis.
#[derive(Debug)]
pub struct AnalysisDevice {
    pub device: Device,
    /// What the driver calls it, or the backend's name.
    pub name: String,
    pub memory: DeviceMemory,
    /// Whether it was chosen by `"auto"`, and is to be used only where it is faster than the CPU.
    pub only_if_faster: bool,
}

impl AnalysisBackend {
    /// Every word in the configuration, the default first.
    pub const WORDS: [(&'static str, Self); 6] = [
        (Self::Auto.name(), Self::Auto),
        (Self::Cpu.name(), Self::Cpu),
        (Backend::Flex.name(), Self::On(Backend::Flex)),
        (Backend::NdArray.name(), Self::On(Backend::NdArray)),
        (Backend::Wgpu.name(), Self::On(Backend::Wgpu)),
        (Backend::Cuda.name(), Self::On(Backend::Cuda)),
    ];

    /// The word in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::On(backend) => backend.name(),
        }
    }

    /// Whether the device is still to be chosen.
    pub fn is_auto(self) -> bool {
        self == Self::Auto
    }

    /// Opens device `index`; `None` for the CPU's own kernels. `setting` is what the user writes
    /// before the backend.
    ///
    /// # Errors
    /// A backend that was named and is absent; `auto` takes the CPU then.
    pub fn open(self, setting: &str, index: usize) -> Result<Option<AnalysisDevice>, DeviceError> {
        match self {
            Self::Cpu => Ok(None),
            Self::On(backend) => {
                let device = open_device_for(setting, backend, index)?;
                Ok(Some(AnalysisDevice::new(device, backend, index, false)))
            }
            Self::Auto => {
                let (backend, _) = best_backend();
                let gpu = backend.is_gpu();
                let device = gpu.then(|| open_device_for(setting, backend, 0).ok()).flatten();
                Ok(device.map(|device| AnalysisDevice::new(device, backend, 0, true)))
            }
        }
    }
}

impl AnalysisDevice {
    fn new(device: Device, backend: Backend, index: usize, only_if_faster: bool) -> Self {
        let gpu = gpus(backend).into_iter().nth(index);
        let name = gpu.as_ref().map_or(backend.name(), |gpu| &gpu.name).to_owned();
        let memory = gpu.map_or(DeviceMemory::UNKNOWN, |gpu| gpu.memory);
        Self { device, name, memory, only_if_faster }
    }
}
