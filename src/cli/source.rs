//! The configuration file and its overrides, as arguments.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use etastar::config::{Config, ConfigError};
use etastar::device::{Backend, best_backend};
use etastar::sweep::SweepOptions;

use super::show::Style;

/// A configuration.
#[derive(Debug, Clone, Args)]
pub struct Source {
    /// TOML file of the experiment
    config: PathBuf,
    /// Override a key, for example train.batch_size=8; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

/// Where to train.
#[derive(Debug, Args)]
pub struct Place {
    /// Where the tensor engine computes: flex, ndarray, wgpu, cuda or auto; short for --set
    /// run.backend=…
    #[arg(long)]
    backend: Option<String>,
    /// Which of the backend's devices, see `etastar devices`; short for --set run.device=…
    #[arg(long, value_name = "INDEX")]
    device: Option<usize>,
    /// Where the exact thresholds are iterated: auto, cpu, flex, ndarray, wgpu or cuda; short for
    /// --set run.analysis_backend=…
    #[arg(long, value_name = "BACKEND")]
    analysis_backend: Option<String>,
}

impl Source {
    /// Reads and checks it, with the backend decided.
    pub fn load(&self, place: &Place, style: Style) -> Result<Config, ConfigError> {
        let backend = place.backend.iter().map(|backend| format!("run.backend={backend}"));
        let device = place.device.iter().map(|device| format!("run.device={device}"));
        let analysis =
            place.analysis_backend.iter().map(|backend| format!("run.analysis_backend={backend}"));
        let own = self.overrides.iter().cloned();
        let overrides: Vec<String> = own.chain(backend).chain(device).chain(analysis).collect();
        let mut config = Config::load(&self.config, &overrides)?;
        if config.run.backend.is_none() {
            // The fused engine is the CPU's; there is nothing to look for.
            let (backend, reason) = match config.run.engine {
                Some(engine) if !engine.needs_device() => {
                    (Backend::default(), format!("the {} engine", engine.name()))
                }
                _ => best_backend(),
            };
            config.run.backend = Some(backend);
            let engine = config.engine().name();
            style.note(&format!("run.backend = \"auto\": {reason}; {engine} engine"));
        }
        Ok(config)
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
        device: config.run.device,
        analysis_backend: config.run.analysis_backend,
        falls_back: config.run.falls_back,
        batched_runs: config.run.batched_runs,
        task: false,
    }
}
