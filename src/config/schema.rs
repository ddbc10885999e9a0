//! The settings of an experiment, section by section.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::condition::Condition;
use super::optimizer_keys::OptimizerKeys;
use super::origin::Origin;
pub use super::slurm::SlurmConfig;
pub use crate::data::{DataConfig, Draw, Scaling, Split};
use crate::device::{AnalysisBackend, Backend, EngineKind};
use crate::loss::Loss;
use crate::net::{Activation, Initialization, Widths};
use crate::process::{Algorithm, BatchSampling};

/// A whole configuration file, with defaults filled in.
#[derive(Debug, Clone)]
pub struct Config {
    pub data: DataConfig,
    pub model: ModelConfig,
    pub loss: LossConfig,
    pub train: TrainConfig,
    pub sweep: SweepConfig,
    pub analysis: AnalysisConfig,
    pub run: RunConfig,
    pub slurm: SlurmConfig,
}

/// `[model]`: a multilayer perceptron with ReLU between its layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Factor on PyTorch's default initialisation U(±1/√fan_in).
    pub init_factor: f64,
    /// Whether the biases are scaled too.
    pub scale_biases: bool,
    pub init_seed: u64,
}

impl ModelConfig {
    /// The activation between the layers.
    pub fn activation(&self) -> Activation {
        Activation::Relu
    }

    /// The widths of the network for samples of `features` inputs and `outputs` targets.
    pub fn widths(&self, features: usize, outputs: usize) -> Widths {
        Widths::new(features, &self.hidden, outputs)
    }
}

impl From<&ModelConfig> for Initialization {
    fn from(config: &ModelConfig) -> Self {
        Self {
            activation: config.activation(),
            factor: config.init_factor,
            scale_biases: config.scale_biases,
            seed: config.init_seed,
        }
    }
}

/// `[loss]`: ℓ_i = c ‖f(x_i) − y_i‖².
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LossConfig {
    /// c.
    pub factor: f64,
}

impl From<&LossConfig> for Loss {
    fn from(config: &LossConfig) -> Self {
        Self::squared(config.factor)
    }
}

/// `[train]`: SGD from the warm-up to the stop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    pub algorithm: Algorithm,
    /// η after the warm-up; `None` if only `[sweep]` sets it.
    pub learning_rate: Option<f64>,
    /// B; `None` if only `[sweep]` sets it.
    pub batch_size: Option<usize>,
    pub sampling: BatchSampling,
    #[serde(flatten)]
    pub optimizer: OptimizerKeys,
    /// Seed of the batches.
    pub seed: u64,
    pub warmup: WarmupConfig,
    /// Full-data loss below which an epoch counts as converged.
    pub tolerance: f64,
    /// Number of consecutive converged epochs that end the run.
    pub patience: u64,
    pub max_epochs: u64,
    /// A running loss above this many times the initial loss counts as divergence.
    pub divergence_factor: f64,
}

/// `[train.warmup]`: the step size grows from `from`·η to η over `epochs` epochs, once before each of
/// them and not from step to step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WarmupConfig {
    pub shape: WarmupShape,
    pub from: f64,
    pub epochs: u64,
}

/// The curve of the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WarmupShape {
    Geometric,
    Linear,
}

impl WarmupShape {
    /// The words of `train.warmup.shape`, the default first.
    pub const WORDS: [(&str, Self); 2] = [("geometric", Self::Geometric), ("linear", Self::Linear)];
}

/// `[sweep]`: the axes of the grid.
#[derive(Debug, Clone)]
pub struct SweepConfig {
    /// In the order of the loops, the outermost first.
    pub axes: Vec<Axis>,
    /// Which combinations of their values are runs; all of them without it.
    pub(super) condition: Option<(Condition, Origin)>,
}

/// `[analysis]`: what is measured at a minimum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalysisConfig {
    /// Whether λ_max of the true Hessian is computed in addition to that of the Gauss–Newton matrix.
    pub hessian: bool,
    /// Whether the exact mean-square threshold and its bounds are computed.
    pub thresholds: bool,
    /// Whether the Lyapunov exponent at the run's own step size is computed.
    #[serde(default)]
    pub lyapunov: bool,
    /// Whether it is also computed for shuffled epochs, if the run had them.
    #[serde(default)]
    pub lyapunov_epoch: bool,
    /// Whether η*_as, the step size at which that exponent changes its sign, is computed.
    #[serde(default)]
    pub eta_as: bool,
    /// Whether η*_as is also computed for shuffled epochs, if the run had them.
    #[serde(default)]
    pub eta_as_epoch: bool,
    /// Whether the mean-square threshold of shuffled epochs is computed.
    #[serde(default)]
    pub eta_var_epoch: bool,
    /// Number of leading eigenvalues in the record; 0 in records older than this key.
    #[serde(default)]
    pub spectrum: usize,
    /// Relative width of the enclosure of the generalized sharpness.
    pub tolerance: f64,
    /// Relative residual at which an eigenvalue iteration stops.
    pub eigen_tolerance: f64,
    /// Maximum number of matrix–vector products of an eigenvalue iteration.
    pub eigen_iterations: usize,
}

/// `[run]`: results folder, workers, engine and devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// Folder of the results.
    pub results: PathBuf,
    /// Number of concurrent runs; 0 is one per core.
    pub workers: usize,
    /// `None` chooses the fused engine if it supports the network and the backend.
    pub engine: Option<EngineKind>,
    /// `None` chooses the best GPU, or else the CPU.
    pub backend: Option<Backend>,
    /// Whether the CPU replaces a GPU that fails: true for `backend = "auto"`.
    pub falls_back: bool,
    /// Index of the device among those of the backend.
    pub device: usize,
    /// Number of runs that the tensor engine trains together; 0 chooses one that fits the device.
    pub batched_runs: usize,
    /// Device of the exact threshold's dense products.
    pub analysis_backend: AnalysisBackend,
    /// Seconds between two checkpoints of a run.
    pub checkpoint_seconds: f64,
}

impl Config {
    /// The engine of every run.
    pub fn engine(&self) -> EngineKind {
        let best = || EngineKind::best(self.model.hidden.len(), self.backend());
        self.run.engine.unwrap_or_else(best)
    }

    /// Whether the engine supports the network and the backend.
    pub fn engine_fits(&self) -> bool {
        self.engine().fits(self.model.hidden.len(), self.backend())
    }

    /// The backend of the tensor engine; an unresolved `"auto"` is the CPU.
    pub fn backend(&self) -> Backend {
        self.run.backend.unwrap_or_default()
    }
}
