//! The arguments that choose settings and data for a saved minimum.

use std::path::{Path, PathBuf};

use clap::Args;
use etastar::config::{Config, RunSpec, single_run};
use etastar::data::Dataset;
use etastar::measurement::check_shape;
use etastar::net::Weights;
use etastar::record::SavedMinimum;
use etastar::train::StopReason;

use super::exit::UsageError;

/// Settings and data of a saved minimum. A minimum that etastar saved stores its own.
#[derive(Debug, Args)]
pub struct MinimumArgs {
    /// Configuration with data, loss, step size and batch size; minima that etastar saved store
    /// their own
    #[arg(long)]
    config: Option<PathBuf>,
    /// Override a key of the configuration, or of the one that the minimum stores
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Data folder, if it has moved since the minimum was saved
    #[arg(long, conflicts_with = "config")]
    data: Option<PathBuf>,
    /// Measure at data other than those that the minimum was trained on, where it is no minimum
    #[arg(long)]
    other_data: bool,
}

/// A minimum, its settings and its data.
pub struct Minimum {
    pub weights: Weights,
    pub spec: RunSpec,
    pub data: Dataset,
    /// Whether the run of the weights had converged, where the file says so.
    pub converged: Option<bool>,
}

impl MinimumArgs {
    /// Reads the minimum at `path`, its settings and its data.
    pub fn load(&self, path: &Path) -> anyhow::Result<Minimum> {
        let saved = SavedMinimum::read(path)?;
        let spec = self.spec(&saved)?;
        let data = Dataset::load(&spec.data)?;
        check_shape(&saved.weights, &data)?;
        if !self.other_data {
            saved.check(&spec, &data)?;
        }
        let converged =
            saved.origin.as_ref().map(|origin| origin.stop_reason == StopReason::Converged);
        Ok(Minimum { weights: saved.weights, spec, data, converged })
    }

    fn spec(&self, saved: &SavedMinimum) -> anyhow::Result<RunSpec> {
        if let Some(flag) =
            self.overrides.iter().find(|flag| flag.trim_start().starts_with("model."))
        {
            return Err(UsageError(format!(
                "--set {flag} has no meaning here: the network is the one whose weights are saved; \
                 train another one with `etastar train`"
            ))
            .into());
        }
        if let Some(config) = &self.config {
            return Ok(single_run(&Config::load(config, &self.overrides)?)?);
        }
        if let Some(fault) = &saved.origin_fault {
            let text = format!("its origin cannot be read ({fault}); give --config");
            return Err(UsageError(text).into());
        }
        let origin = saved.origin.as_ref().ok_or_else(|| {
            UsageError("the file does not say where it comes from; give --config".to_owned())
        })?;
        let mut spec =
            origin.spec.with_overrides("the minimum's configuration", &self.overrides)?;
        if let Some(folder) = &self.data {
            spec.data.folder.clone_from(folder);
        }
        Ok(spec)
    }
}
