//! The engines that make the steps of a training run.

use serde::{Deserialize, Serialize};

use super::backend::Backend;

/// What computes the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Burn's tensors and automatic differentiation: any backend, any depth.
    Tensor,
    /// Our own kernels: one hidden layer, on the CPU.
    Fused,
}

impl EngineKind {
    /// The words of `run.engine`, the default first; `None` is `"auto"`.
    pub const CHOICES: [(&'static str, Option<Self>); 3] = [
        ("auto", None),
        (Self::Fused.name(), Some(Self::Fused)),
        (Self::Tensor.name(), Some(Self::Tensor)),
    ];

    /// The fastest engine for a network with this many hidden layers.
    pub fn best(hidden_layers: usize, backend: Backend) -> Self {
        let fused = Self::Fused.fits(hidden_layers, backend);
        if fused { Self::Fused } else { Self::Tensor }
    }

    /// Whether it can train a network with this many hidden layers on `backend`.
    pub fn fits(self, hidden_layers: usize, backend: Backend) -> bool {
        match self {
            Self::Tensor => true,
            Self::Fused => hidden_layers == 1 && backend == Backend::Flex,
        }
    }

    /// Whether it computes on a backend's device.
    pub fn needs_device(self) -> bool {
        match self {
            Self::Tensor => true,
            Self::Fused => false,
        }
    }

    /// Whether it can train several runs at once.
    pub fn trains_rows(self) -> bool {
        match self {
            Self::Tensor => true,
            Self::Fused => false,
        }
    }

    /// The word in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tensor => "tensor",
            Self::Fused => "fused",
        }
    }
}
