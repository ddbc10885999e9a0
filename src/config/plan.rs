//! Everything that one run depends on.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::ConfigError;
use super::optimizer_keys::OptimizerKeys;
use super::schema::WarmupConfig;
use super::schema::{AnalysisConfig, Config, DataConfig, LossConfig, ModelConfig};
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

    /// The value of the setting with this dotted key; `None` if a run has no such setting.
    pub fn setting(&self, key: &str) -> Option<Value> {
        let (section, path) = key.split_once('.')?;
        let value = match section {
            "data" => json!(self.data),
            "model" => json!(self.model),
            "loss" => json!(self.loss),
            "train" => json!(self.train),
            "run" => json!({ "engine": self.engine, "backend": self.backend }),
            _ => return None,
        };
        let written = value.pointer(&format!("/{}", path.replace('.', "/"))).cloned();
        written.or_else(|| OptimizerKeys::default_of(key))
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
    #[serde(flatten)]
    pub optimizer: OptimizerKeys,
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
    ///
    /// Keys that are no optimizer together are refused wherever a schedule is read: as a contradiction of a
    /// configuration, before any of its runs starts, and as damage of a record or of a minimum.
    pub fn optimizer(&self) -> Optimizer {
        self.optimizer.optimizer().unwrap_or_default()
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

/// The run with the values of `[train]` alone.
///
/// # Errors
/// A missing `train.learning_rate` or `train.batch_size`.
pub fn single_run(config: &Config) -> Result<RunSpec, MissingKey> {
    run_spec(config, "")
}

/// The run of a sweep with the values of `config`.
pub(super) fn run_of_sweep(config: &Config) -> Result<RunSpec, MissingKey> {
    run_spec(config, ", or list it in [sweep]")
}

fn run_spec(config: &Config, alternative: &'static str) -> Result<RunSpec, MissingKey> {
    let missing = |key| MissingKey { key, alternative };
    let train = &config.train;
    Ok(RunSpec {
        data: config.data.clone(),
        model: config.model.clone(),
        loss: config.loss.clone(),
        train: Schedule {
            algorithm: train.algorithm,
            learning_rate: train.learning_rate.ok_or(missing("train.learning_rate"))?,
            batch_size: train.batch_size.ok_or(missing("train.batch_size"))?,
            sampling: train.sampling,
            optimizer: train.optimizer,
            seed: train.seed,
            warmup: train.warmup.clone(),
            tolerance: train.tolerance,
            patience: train.patience,
            max_epochs: train.max_epochs,
            divergence_factor: train.divergence_factor,
        },
        analysis: config.analysis.clone(),
        engine: config.engine(),
        backend: config.backend(),
    })
}

/// The value of a setting as tables show it: a word without quotes, a list as in TOML.
pub fn setting_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}
