//! Expansion of a configuration into the runs of its grid.

use serde::{Deserialize, Serialize};

use super::error::ConfigError;
use super::schema::WarmupConfig;
use super::schema::{AnalysisConfig, Config, DataConfig, LossConfig, ModelConfig, TrainConfig};
use crate::device::{Backend, EngineKind};
use crate::optimizer::Optimizer;
use crate::process::{Algorithm, BatchSampling, BatchSettings};

/// Everything that one run depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSpec {
    pub data: DataConfig,
    pub model: ModelConfig,
    pub loss: LossConfig,
    pub train: Schedule,
    pub analysis: AnalysisConfig,
    pub engine: EngineKind,
    pub backend: Backend,
}

impl RunSpec {
    /// The configuration of this run alone.
    ///
    /// # Errors
    /// A setting that TOML cannot express.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        #[derive(Serialize)]
        struct Run {
            engine: EngineKind,
            backend: Backend,
        }
        #[derive(Serialize)]
        struct File<'a> {
            data: &'a DataConfig,
            model: &'a ModelConfig,
            loss: &'a LossConfig,
            train: &'a Schedule,
            analysis: &'a AnalysisConfig,
            run: Run,
        }
        let Self { data, model, loss, train, analysis, engine, backend } = self;
        let run = Run { engine: *engine, backend: *backend };
        toml::to_string(&File { data, model, loss, train, analysis, run })
    }

    /// The run with `overrides` (`KEY=VALUE`, as on the command line); error messages call it `name`.
    ///
    /// # Errors
    /// Every problem of the overrides.
    pub fn with_overrides(&self, name: &str, overrides: &[String]) -> Result<Self, OverrideError> {
        let config = Config::parse(&self.to_toml()?, name, "results".into(), overrides)?;
        Ok(single_run(&config)?)
    }
}

/// Overrides that cannot be applied to a run.
#[derive(Debug, thiserror::Error)]
pub enum OverrideError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Missing(#[from] MissingKey),
    #[error("the settings cannot be written as TOML: {0}")]
    Toml(#[from] toml::ser::Error),
}

/// The training schedule of one run: `[train]` with one step size and one batch size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    pub algorithm: Algorithm,
    pub learning_rate: f64,
    pub batch_size: usize,
    pub sampling: BatchSampling,
    pub seed: u64,
    pub warmup: WarmupConfig,
    pub tolerance: f64,
    pub patience: u64,
    pub max_epochs: u64,
    pub divergence_factor: f64,
}

impl Schedule {
    /// How the batches of the run are drawn.
    pub fn batches(&self) -> BatchSettings {
        let Self { algorithm, sampling, batch_size, .. } = *self;
        BatchSettings { algorithm, sampling, batch_size }
    }

    /// The optimizer of the run.
    pub fn optimizer(&self) -> Optimizer {
        Optimizer::default()
    }
}

/// A key that a command needs.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{key}` is not set: write it in the file or give --set {key}=…{alternative}")]
pub struct MissingKey {
    key: &'static str,
    /// Another place to set it, as the end of the message.
    alternative: &'static str,
}

/// The runs of the grid algorithms × seeds × batch sizes × learning rates, learning rates innermost.
///
/// # Errors
/// An axis that neither `[sweep]` nor `[train]` sets.
pub fn grid_runs(config: &Config) -> Result<Vec<RunSpec>, MissingKey> {
    const IN_SWEEP: &str = ", or list it in [sweep]";
    let learning_rates = axis(
        &config.sweep.learning_rate,
        config.train.learning_rate,
        MissingKey { key: "train.learning_rate", alternative: IN_SWEEP },
    )?;
    let batch_sizes = axis(
        &config.sweep.batch_size,
        config.train.batch_size,
        MissingKey { key: "train.batch_size", alternative: IN_SWEEP },
    )?;
    let mut runs = Vec::new();
    for algorithm in or_single(&config.sweep.algorithm, config.train.algorithm) {
        for seed in or_single(&config.sweep.seed, config.train.seed) {
            for &batch_size in &batch_sizes {
                let point =
                    |&learning_rate| GridPoint { algorithm, learning_rate, batch_size, seed };
                runs.extend(learning_rates.iter().map(|rate| run_spec(config, point(rate))));
            }
        }
    }
    Ok(runs)
}

/// The run with the values of `[train]` alone.
///
/// # Errors
/// A missing `train.learning_rate` or `train.batch_size`.
pub fn single_run(config: &Config) -> Result<RunSpec, MissingKey> {
    let missing = |key| MissingKey { key, alternative: "" };
    let rate = config.train.learning_rate.ok_or(missing("train.learning_rate"))?;
    let batch_size = config.train.batch_size.ok_or(missing("train.batch_size"))?;
    let TrainConfig { algorithm, seed, .. } = config.train;
    Ok(run_spec(config, GridPoint { algorithm, learning_rate: rate, batch_size, seed }))
}

/// One point of the grid.
struct GridPoint {
    algorithm: Algorithm,
    learning_rate: f64,
    batch_size: usize,
    seed: u64,
}

fn or_single<T: Copy>(swept: &[T], single: T) -> Vec<T> {
    if swept.is_empty() { vec![single] } else { swept.to_vec() }
}

fn axis<T: Copy>(
    swept: &[T],
    single: Option<T>,
    missing: MissingKey,
) -> Result<Vec<T>, MissingKey> {
    match (swept, single) {
        ([], None) => Err(missing),
        ([], Some(value)) => Ok(vec![value]),
        (values, _) => Ok(values.to_vec()),
    }
}

fn run_spec(config: &Config, point: GridPoint) -> RunSpec {
    let train = &config.train;
    RunSpec {
        data: config.data.clone(),
        model: config.model.clone(),
        loss: config.loss.clone(),
        train: Schedule {
            algorithm: point.algorithm,
            learning_rate: point.learning_rate,
            batch_size: point.batch_size,
            sampling: train.sampling,
            seed: point.seed,
            warmup: train.warmup.clone(),
            tolerance: train.tolerance,
            patience: train.patience,
            max_epochs: train.max_epochs,
            divergence_factor: train.divergence_factor,
        },
        analysis: config.analysis.clone(),
        engine: config.engine(),
        backend: config.backend(),
    }
}
