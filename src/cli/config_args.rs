//! The arguments that name a configuration file and override its keys.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use etastar::config::{Config, ConfigError, ConfigFile, Grid};
use etastar::device::{Backend, best_backend};
use etastar::sweep::SweepOptions;

use super::output_options::OutputOptions;

/// A configuration file and overrides of its keys.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// TOML file of the experiment
    config: PathBuf,
    /// Override a key, for example train.batch_size=8; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

/// The devices for training and for the exact thresholds.
#[derive(Debug, Args)]
pub struct DeviceArgs {
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

impl ConfigArgs {
    /// Reads and checks the configuration without its `[sweep]`, and resolves `run.backend = "auto"`.
    pub fn load(
        &self,
        device_args: &DeviceArgs,
        output: OutputOptions,
    ) -> Result<Config, ConfigError> {
        let mut config: Config = self.file_with(device_args)?.read()?;
        BackendChoice::new(output).resolve(&mut config);
        Ok(config)
    }

    /// Reads and checks the configuration and all runs of its sweep, and resolves `run.backend = "auto"`.
    pub fn load_grid(
        &self,
        device_args: &DeviceArgs,
        output: OutputOptions,
    ) -> Result<Grid, ConfigError> {
        let mut choice = BackendChoice::new(output);
        self.file_with(device_args)?.grid(|config| choice.resolve(config))
    }

    fn file_with(&self, device_args: &DeviceArgs) -> Result<ConfigFile, ConfigError> {
        let backend = device_args.backend.iter().map(|backend| format!("run.backend={backend}"));
        let device = device_args.device.iter().map(|device| format!("run.device={device}"));
        let analysis = device_args
            .analysis_backend
            .iter()
            .map(|backend| format!("run.analysis_backend={backend}"));
        let own = self.overrides.iter().cloned();
        let overrides: Vec<String> = own.chain(backend).chain(device).chain(analysis).collect();
        ConfigFile::load::<Config>(&self.config, &overrides)
    }

    /// Adds an override after those of the command line.
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

/// Chooses the backend for `run.backend = "auto"`, the same for all runs.
struct BackendChoice {
    output: OutputOptions,
    best: Option<(Backend, String)>,
    is_noted: bool,
}

impl BackendChoice {
    fn new(output: OutputOptions) -> Self {
        Self { output, best: None, is_noted: false }
    }

    fn resolve(&mut self, config: &mut Config) {
        if config.run.backend.is_some() {
            return;
        }
        let (backend, reason) = match config.run.engine {
            // An engine that runs on the CPU only needs no search for a device.
            Some(engine) if !engine.needs_device() => {
                (Backend::default(), format!("the {} engine", engine.name()))
            }
            _ => self.best.get_or_insert_with(best_backend).clone(),
        };
        config.run.backend = Some(backend);
        if !self.is_noted {
            self.is_noted = true;
            let engine = config.engine().name();
            self.output.note(&format!("run.backend = \"auto\": {reason}; {engine} engine"));
        }
    }
}

/// The options of a sweep that `[run]` sets.
pub fn sweep_options(config: &Config) -> SweepOptions {
    SweepOptions {
        workers: config.run.workers,
        checkpoint_interval: Duration::from_secs_f64(config.run.checkpoint_seconds.min(1e9)),
        device: config.run.device,
        analysis_backend: config.run.analysis_backend,
        falls_back: config.run.falls_back,
        batched_runs: config.run.batched_runs,
        fail_fast: false,
        task: false,
    }
}
