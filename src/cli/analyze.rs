//! `etastar analyze`: curvature and thresholds of saved minima.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use etastar::accelerate::DeviceAccelerator;
use etastar::config::RunSpec;
use etastar::measurement::{Analysis, Verdict, analyse};
use faer::get_global_parallelism;
use serde_json::json;

use super::accelerator_args::AcceleratorArgs;
use super::analysis_text::{print_analysis, print_verdict};
use super::minimum_args::{Minimum, MinimumArgs};
use super::output_options::OutputOptions;
use super::standard_output::stdout;

/// Arguments of `analyze`.
#[derive(Debug, Args)]
pub struct Analyze {
    /// Saved minima: minimum.safetensors of a run, or the weights of a PyTorch
    /// `nn.Sequential` of Linear and ReLU
    #[arg(required = true, value_name = "MINIMUM")]
    minima: Vec<PathBuf>,
    #[command(flatten)]
    settings: MinimumArgs,
    #[command(flatten)]
    accelerator: AcceleratorArgs,
}

impl Analyze {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let accelerator = self.accelerator.open(output)?;
        let mut results = Vec::new();
        for path in &self.minima {
            let (spec, analysis, converged) = self
                .analyse(path, accelerator.as_ref())
                .with_context(|| format!("cannot analyse {}", path.display()))?;
            if output.json {
                results.push(json!({
                    "minimum": path,
                    "learning_rate": spec.train.learning_rate,
                    "batch_size": spec.train.batch_size,
                    "verdict": Verdict::of(&spec, &analysis)?,
                    "analysis": analysis,
                }));
            } else {
                let mut stdout = stdout();
                writeln!(stdout, "{}", path.display())?;
                print_verdict(&mut stdout, &analysis, &spec, converged)?;
                print_analysis(&mut stdout, &analysis, &spec)?;
            }
        }
        if output.json {
            writeln!(stdout(), "{:#}", json!(results))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn analyse(
        &self,
        path: &Path,
        accelerator: Option<&DeviceAccelerator<'_>>,
    ) -> anyhow::Result<(RunSpec, Analysis, Option<bool>)> {
        let minimum = self.settings.load(path)?;
        let Minimum { spec, weights, data, .. } = &minimum;
        let accelerator = accelerator.map(|device| device as _);
        let analysis = analyse(spec, weights, data, get_global_parallelism(), accelerator, None)?;
        Ok((minimum.spec, analysis, minimum.converged))
    }
}
