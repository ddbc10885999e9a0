//! Burn's backends.

use serde::{Deserialize, Serialize};

/// Where tensors are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The CPU.
    #[default]
    Flex,
    /// The CPU, by an older implementation to compare with.
    NdArray,
    /// Any GPU with a Vulkan, Metal or DirectX 12 driver.
    Wgpu,
    /// NVIDIA's GPUs.
    Cuda,
}

impl Backend {
    /// Every backend, the default first.
    pub const ALL: [Self; 4] = [Self::Flex, Self::NdArray, Self::Wgpu, Self::Cuda];

    /// The words of `run.backend`, the default first; `None` is `"auto"`.
    pub const CHOICES: [(&'static str, Option<Self>); 5] = [
        (Self::Flex.name(), Some(Self::Flex)),
        (Self::NdArray.name(), Some(Self::NdArray)),
        (Self::Wgpu.name(), Some(Self::Wgpu)),
        (Self::Cuda.name(), Some(Self::Cuda)),
        ("auto", None),
    ];

    /// The backends for GPUs, the faster one first.
    pub(super) const FOR_GPUS: [Self; 2] = [Self::Cuda, Self::Wgpu];

    /// Whether this build has it.
    pub fn is_built(self) -> bool {
        match self {
            Self::Flex => true,
            Self::NdArray => cfg!(feature = "ndarray"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Cuda => cfg!(feature = "cuda"),
        }
    }

    /// Whether it is for GPUs.
    pub fn is_gpu(self) -> bool {
        Self::FOR_GPUS.contains(&self)
    }

    /// The word in the configuration, also the name of its cargo feature.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::NdArray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        }
    }

    /// Why a build without it cannot use it.
    pub(super) fn not_built(self) -> String {
        let name = self.name();
        format!("not in this build; `cargo build --release --features {name}` adds it")
    }

    /// What a machine lacks if it has no device of this backend.
    pub(super) fn requirement(self) -> &'static str {
        match self {
            Self::Cuda => {
                "no usable NVIDIA GPU; it needs NVIDIA's driver (libcuda) and, from the CUDA \
                 toolkit, NVRTC"
            }
            Self::Flex | Self::NdArray | Self::Wgpu => {
                "no usable adapter; a GPU needs its Vulkan, Metal or DirectX 12 driver (on Debian \
                 without a GPU: mesa-vulkan-drivers and libvulkan1)"
            }
        }
    }
}
