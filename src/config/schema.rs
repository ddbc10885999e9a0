//! The settings of an experiment, section by section.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use super::slurm::SlurmConfig;
use crate::device::{AnalysisBackend, Backend, EngineKind};
use crate::loss::Loss;
use crate::net::{Activation, Initialization, Widths};
use crate::process::{Algorithm, BatchSampling};

/// A whole configuration file, with defaults filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

/// `[data]`: which images, and how their pixels are scaled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataConfig {
    /// Folder of the four IDX files, plain or gzipped.
    pub folder: PathBuf,
    /// Which pair of files: `train` or `t10k`.
    pub split: Split,
    /// Labels to keep; the network has one output for each.
    pub classes: Vec<u8>,
    /// m, so that n = m · classes · copies.
    pub samples_per_class: usize,
    /// How the m are chosen.
    pub draw: Draw,
    /// Seed of a random draw.
    pub draw_seed: u64,
    /// Times that every chosen image is there, each with a label of its own under `label_noise`:
    /// with several copies no network can fit all labels, and the best outputs are their means.
    #[serde(default = "one")]
    pub copies: usize,
    /// Images shrink to the means of squares of this many pixels a side.
    #[serde(default = "one")]
    pub pool: usize,
    /// Share of the labels that are replaced by another class.
    #[serde(default)]
    pub label_noise: f64,
    /// Seed of the choice of these labels.
    #[serde(default)]
    pub label_seed: u64,
    pub scaling: Scaling,
}

/// What records from before the keys `copies` and `pool` were made with.
fn one() -> usize {
    1
}

/// The two pairs of files in an MNIST folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    Train,
    T10k,
}

/// Which samples of a class are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Draw {
    /// The first m in file order.
    First,
    /// m drawn without replacement, in file order.
    Random,
}

/// How a pixel 0..=255 becomes an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scaling {
    /// x/255.
    Unit,
    /// (x/255 − 0.1307)/0.3081, the mean and deviation of MNIST.
    Standard,
    /// 2x/255 − 1: black is −1, white is 1.
    Symmetric,
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
    /// η after the warm-up; may be left to `[sweep]`.
    pub learning_rate: Option<f64>,
    /// B; may be left to `[sweep]`.
    pub batch_size: Option<usize>,
    pub sampling: BatchSampling,
    /// Seed of the batches.
    pub seed: u64,
    pub warmup: WarmupConfig,
    /// The full-data loss that counts as converged.
    pub tolerance: f64,
    /// Consecutive epochs below it that end the run.
    pub patience: u64,
    pub max_epochs: u64,
    /// A running loss above this many times the initial loss counts as divergence.
    pub divergence_factor: f64,
}

/// `[train.warmup]`: the step size grows from `from`·η to η over `epochs` epochs.
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

/// `[sweep]`: the grid; an empty axis uses `[train]`'s value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepConfig {
    pub learning_rate: Vec<f64>,
    pub batch_size: Vec<usize>,
    pub seed: Vec<u64>,
    pub algorithm: Vec<Algorithm>,
}

/// `[analysis]`: what is measured at a minimum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalysisConfig {
    /// Whether λ_max of the true Hessian is computed beside the Gauss–Newton one.
    pub hessian: bool,
    /// Whether the exact mean-square threshold and everything that goes with it is computed.
    pub thresholds: bool,
    /// Whether the Lyapunov exponent at the run's own step size is computed.
    #[serde(default)]
    pub lyapunov: bool,
    /// Whether it is computed for shuffled epochs too, if the run had them.
    #[serde(default)]
    pub lyapunov_epoch: bool,
    /// Whether the step size at which that exponent changes its sign is computed.
    #[serde(default)]
    pub eta_as: bool,
    /// The same of shuffled epochs, if the run had them.
    #[serde(default)]
    pub eta_as_epoch: bool,
    /// Whether the step size at which shuffled epochs lose mean-square stability is computed.
    #[serde(default)]
    pub eta_var_epoch: bool,
    /// Leading eigenvalues that are kept in the record; records from before this setting have none.
    #[serde(default)]
    pub spectrum: usize,
    /// Relative width of the enclosure of the generalized sharpness.
    pub tolerance: f64,
    /// Relative residual at which an eigenvalue iteration stops.
    pub eigen_tolerance: f64,
    /// Most matrix–vector products of an eigenvalue iteration.
    pub eigen_iterations: usize,
}

/// `[run]`: where and with what it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// Folder of the results.
    pub results: PathBuf,
    /// Runs side by side; 0 is one per core.
    pub workers: usize,
    /// `None` chooses the fused engine where it can be had.
    pub engine: Option<EngineKind>,
    /// `None` chooses the best GPU, or else the CPU.
    pub backend: Option<Backend>,
    /// Whether the CPU takes over from a GPU that fails: `backend = "auto"` was asked for.
    pub falls_back: bool,
    /// Which of the backend's devices.
    pub device: usize,
    /// Runs that the tensor engine trains at once; 0 chooses.
    pub batched_runs: usize,
    /// Where the exact threshold's dense products are computed.
    pub analysis_backend: AnalysisBackend,
    /// Seconds between two saves of an unfinished run's state.
    pub checkpoint_seconds: f64,
}

impl Config {
    /// The engine of every run.
    pub fn engine(&self) -> EngineKind {
        let best = || EngineKind::best(self.model.hidden.len(), self.backend());
        self.run.engine.unwrap_or_else(best)
    }

    /// Whether the engine of the runs can train them.
    pub fn engine_fits(&self) -> bool {
        self.engine().fits(self.model.hidden.len(), self.backend())
    }

    /// Where the tensor engine computes; an undecided `"auto"` is the CPU.
    pub fn backend(&self) -> Backend {
        self.run.backend.unwrap_or_default()
    }
}
