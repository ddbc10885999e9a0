//! The settings of `etastar quadratic`.

use std::path::PathBuf;

use serde::Serialize;

use super::experiment::Experiment;
use crate::config::OptimizerKeys;
use crate::optimizer::Optimizer;
use crate::process::Sampling;

/// A whole configuration file, with defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct QuadraticConfig {
    /// `[problem]`.
    pub problem: ProblemConfig,
    /// `[gradients]`; without the section the minimum interpolates.
    pub gradients: Option<GradientsConfig>,
    /// `[sgd]`.
    pub sgd: SgdConfig,
    /// The section named by `experiment`.
    pub experiment: Experiment,
    /// Seed of the simulation.
    pub seed: u64,
    /// Folder of the results.
    pub results: PathBuf,
}

/// `[problem]`: the Hessians.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProblemConfig {
    #[serde(flatten)]
    pub kind: ProblemKind,
    /// q.
    pub outputs: usize,
    /// d of a random problem; what the rank leaves of it is the null space. The rank if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension: Option<usize>,
    /// λ_max(H) of a random or orthogonal problem.
    pub sharpness: f64,
    /// Seed of a random problem.
    pub seed: u64,
}

/// Which family a problem comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProblemKind {
    /// \[D\]'s synthetic family with λ_1 = 2.
    Dexter { samples: usize, coherence: usize },
    /// Gaussian rows of this rank.
    LowRank { samples: usize, rank: usize },
    /// The same, with ‖H_i‖ scaled by Pareto numbers of this tail exponent.
    HeavyTailed { samples: usize, rank: usize, tail: f64 },
    /// Orthogonal rows; the largest curvature is `condition` times the smallest.
    Orthogonal { samples: usize, condition: f64 },
    /// A Gram matrix from a `.npy` file, times `kernel_factor`.
    Gram { path: PathBuf, kernel_factor: f64 },
}

impl ProblemKind {
    /// n; of a Gram matrix known only once its file is read.
    pub fn samples(&self) -> Option<usize> {
        match self {
            Self::Dexter { samples, .. }
            | Self::LowRank { samples, .. }
            | Self::HeavyTailed { samples, .. }
            | Self::Orthogonal { samples, .. } => Some(*samples),
            Self::Gram { .. } => None,
        }
    }
}

/// `[gradients]`: random g_i with Σ g_i = 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GradientsConfig {
    /// Typical ‖g_i‖.
    pub scale: f64,
    pub seed: u64,
}

/// `[sgd]`: how batches are drawn and steps are made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SgdConfig {
    pub sampling: Sampling,
    /// One B, or several where an experiment compares them.
    pub batch_size: Vec<usize>,
    /// Momentum and weight decay, which no file of plain SGD has.
    #[serde(flatten)]
    pub optimizer: OptimizerKeys,
}

impl SgdConfig {
    /// How steps are made; keys that are no optimizer together are refused when the file is read.
    pub fn optimizer(&self) -> Optimizer {
        self.optimizer.optimizer().unwrap_or_default()
    }
}
