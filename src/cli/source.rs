//! The configuration file and its overrides, as arguments.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use etastar::config::{Config, ConfigError};
use etastar::quadratic::QuadraticConfig;
use etastar::sweep::SweepOptions;

/// A configuration.
#[derive(Debug, Clone, Args)]
pub struct Source {
    /// TOML file of the experiment
    config: PathBuf,
    /// Override a key, for example train.batch_size=8; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

impl Source {
    /// Reads and checks it as an experiment of `quadratic`.
    pub fn load_quadratic(&self) -> Result<QuadraticConfig, ConfigError> {
        QuadraticConfig::load(&self.config, &self.overrides)
    }

    /// Reads and checks it.
    pub fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.config, &self.overrides)
    }

    /// Adds an override, as if it had been given last.
    pub fn set(&mut self, key: &str, value: &str) {
        self.overrides.push(format!("{key}={value}"));
    }

    /// The configuration file.
    pub fn file(&self) -> &Path {
        &self.config
    }

    /// The values of `--set`.
    pub fn overrides(&self) -> &[String] {
        &self.overrides
    }
}

/// How `[run]` wants its runs done.
pub fn options(config: &Config) -> SweepOptions {
    SweepOptions {
        workers: config.run.workers,
        checkpoint_interval: Duration::from_secs_f64(config.run.checkpoint_seconds.min(1e9)),
        task: false,
    }
}
