//! `etastar analyze`: curvature and thresholds of saved minima.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use etastar::accelerate::DeviceAccelerator;
use etastar::config::RunSpec;
use etastar::measurement::{Analysis, Missing, analyse};
use etastar::text::{number, optional};
use faer::get_global_parallelism;
use serde_json::json;

use super::accelerator_args::AcceleratorArgs;
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
            let (spec, analysis) = self
                .analyse(path, accelerator.as_ref())
                .with_context(|| format!("cannot analyse {}", path.display()))?;
            if output.json {
                results.push(json!({
                    "minimum": path,
                    "learning_rate": spec.train.learning_rate,
                    "batch_size": spec.train.batch_size,
                    "analysis": analysis,
                }));
            } else {
                let mut stdout = stdout();
                writeln!(stdout, "{}", path.display())?;
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
    ) -> anyhow::Result<(RunSpec, Analysis)> {
        let minimum = self.settings.load(path)?;
        let Minimum { spec, weights, data } = &minimum;
        let accelerator = accelerator.map(|device| device as _);
        let analysis = analyse(spec, weights, data, get_global_parallelism(), accelerator, None)?;
        Ok((minimum.spec, analysis))
    }
}

/// Prints the measurements, one per line, with their meaning.
pub fn print_analysis(
    out: &mut impl Write,
    analysis: &Analysis,
    spec: &RunSpec,
) -> std::io::Result<()> {
    let edge = spec.train.optimizer().rule().edge(spec.train.learning_rate);
    let mut line = |name: &str, value: String, meaning: &str| {
        writeln!(out, "  {name:<22} {value:>10}  {meaning}")
    };
    line("loss", number(analysis.loss), "on all samples, in double precision")?;
    if let Some(dead) = analysis.dead_samples.filter(|dead| *dead > 0) {
        line("dead samples", dead.to_string(), "all units of a hidden layer are off")?;
    }
    line("sharpness", optional(analysis.sharpness_gn), "λ_max, Gauss–Newton Hessian")?;
    line("sharpness (true)", optional(analysis.sharpness_hessian), "λ_max, Hessian of the loss")?;
    line("trace", number(analysis.trace), "Gauss–Newton Hessian")?;
    line("bound (17)", optional(analysis.bound_17), "≤ generalized sharpness")?;
    line("bound (18)", number(analysis.bound_18), "≤ generalized sharpness")?;
    line("2/η", number(edge), "sharpness at which full-batch descent is unstable")?;
    line("η*_mean", optional(analysis.eta_mean), "2/λ_max: largest step size stable in the mean")?;
    if let Some(exact) = &analysis.mean_square {
        line("generalized sharpness", number(exact.generalized_sharpness), "λ_max(C†D), exact")?;
        line("  from", number(exact.lower), "proved")?;
        line("  to", optional(exact.upper), "proved")?;
        line("η*_var", number(exact.eta_var), "largest step size stable in mean square")?;
        line("bound (27)", number(exact.bound_27), "best rank-one lower bound")?;
        line("one-step bound", number(exact.one_step_upper), "≥ generalized sharpness")?;
        line("effective rank", number(exact.effective_rank), "of the dominant second moment")?;
        line("coherence", number(exact.coherence), "σ of Dexter et al.")?;
    }
    if let Some(found) = &analysis.simulated {
        if let Some(exponent) = &found.exponent {
            let ends = interval(exponent.low, exponent.high);
            let meaning = format!("Lyapunov exponent at η, per step: {ends}");
            line("λ", optional(exponent.value), &meaning)?;
        }
        if let Some(exponent) = &found.epoch_exponent {
            let ends = interval(exponent.low, exponent.high);
            line("λ, shuffled epochs", optional(exponent.value), &format!("per step: {ends}"))?;
        }
        if let Some(threshold) = found.eta_as {
            let ends = interval(Some(threshold.low), Some(threshold.high));
            line("η*_as", number(threshold.value), &format!("where λ changes sign: {ends}"))?;
        }
        if let Some(threshold) = found.epoch_eta_as {
            let ends = interval(Some(threshold.low), Some(threshold.high));
            line("η*_as, shuffled epochs", number(threshold.value), &ends)?;
        }
        if let Some(threshold) = found.epoch_eta_var {
            let ends = interval(Some(threshold.low), Some(threshold.high));
            line("η*_var, shuffled epochs", number(threshold.value), &ends)?;
        }
    }
    print_missing(out, &analysis.missing)
}

/// Prints what is missing, quantities with the same reason together.
fn print_missing(out: &mut impl Write, missing: &[Missing]) -> std::io::Result<()> {
    for group in missing.chunk_by(|a, b| a.reason == b.reason) {
        let names: Vec<&str> = group.iter().map(|missing| missing.quantity.as_str()).collect();
        writeln!(out, "  missing: {}", names.join(", "))?;
        wrapped(&group[0].reason, 76).iter().try_for_each(|line| writeln!(out, "    {line}"))?;
    }
    Ok(())
}

/// The words of `text` in lines of at most `width` characters, or of one longer word.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// An interval as text.
fn interval(low: Option<f64>, high: Option<f64>) -> String {
    format!("{} to {}", optional(low), optional(high))
}
