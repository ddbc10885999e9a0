//! The settings of `etastar quadratic`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::{ConfigError, reader};
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

/// `[sgd]`: how batches are drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SgdConfig {
    pub sampling: Sampling,
    /// One B, or several where an experiment compares them.
    pub batch_size: Vec<usize>,
}

/// What is simulated.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Experiment {
    PhaseDiagram(PhaseConfig),
    SecondMoment(GrowthConfig),
    Mixture(GrowthConfig),
    Stationary(StationaryConfig),
}

impl Experiment {
    /// The word for it, which is also the name of its section.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PhaseDiagram(_) => "phase_diagram",
            Self::SecondMoment(_) => "second_moment",
            Self::Mixture(_) => "mixture",
            Self::Stationary(_) => "stationary",
        }
    }
}

/// `[phase_diagram]`: whether SGD diverges on \[D\]'s family, over (B, σ).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseConfig {
    /// n.
    pub samples: usize,
    /// One diagram for each η.
    pub learning_rate: Vec<f64>,
    /// σ = 1, 1 + this, ….
    pub coherence_step: usize,
    /// Simulations per cell.
    pub repeats: usize,
    /// Steps of each.
    pub steps: u64,
    /// ‖θ‖/‖θ_0‖ that counts as diverged.
    pub radius: f64,
}

/// `[second_moment]` and `[mixture]`: growth rates around the threshold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GrowthConfig {
    /// η/η*_var.
    pub fractions: Vec<f64>,
    /// Particles in a population.
    pub particles: usize,
    /// Independent populations, whose spread is the error.
    pub populations: usize,
    /// Steps measured, after as many of burn-in.
    pub steps: u64,
}

/// `[stationary]`: SGD around a regular minimum with g_i ≠ 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StationaryConfig {
    /// η/η*_var, below 1.
    pub fractions: Vec<f64>,
    /// Independent chains, whose spread is the error.
    pub chains: usize,
    /// Steps measured, after half as many of burn-in.
    pub steps: u64,
}

impl QuadraticConfig {
    /// Reads the file at `path` and applies `overrides` (`key.path=value`, the last one wins).
    ///
    /// # Errors
    /// An unreadable file, or everything that is wrong in it.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        reader::load(path, overrides)
    }

    /// Like [`QuadraticConfig::load`], from text; `name` stands for the file in complaints and
    /// `results` is the folder used where the file names none.
    ///
    /// # Errors
    /// Everything that is wrong in the text.
    pub fn parse(
        source: &str,
        name: &str,
        results: PathBuf,
        overrides: &[String],
    ) -> Result<Self, ConfigError> {
        reader::parse(source, name, results, overrides)
    }
}
