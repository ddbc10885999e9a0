//! The configuration file and its overrides, as arguments.

use std::path::PathBuf;

use clap::Args;
use etastar::config::{Config, ConfigError};

/// A configuration.
#[derive(Debug, Args)]
pub struct Source {
    /// TOML file of the experiment
    config: PathBuf,
    /// Override a key, for example train.batch_size=8; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

impl Source {
    /// Reads and checks it.
    pub fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.config, &self.overrides)
    }
}
