//! `etastar stationary`: where SGD hovers around a minimum that does not interpolate.

mod table;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use etastar::figures::draw_stationary;
use etastar::loss::Loss;
use etastar::process::BatchSampling;
use etastar::process::Sampling;
use etastar::stationary::{Expansion, Minimum as Bottom, Point, Request, Row, StationaryError};
use etastar::stationary::{PARAMETERS, descend};
use indicatif::ProgressBar;
use serde_json::json;

use super::beside;
use super::exit::UsageError;
use super::format::number;
use super::kept::Kept;
use super::minimum::{Minimum, Setting};
use super::show::Style;

/// Step sizes that are a smaller part of η*_var leave the weights where they are, in single precision
/// and within any number of steps.
const LEAST_FRACTION: f64 = 1e-6;
/// Batch sizes by default, as far as there are samples.
const BATCH_SIZES: [usize; 3] = [1, 4, 16];

/// Arguments of `stationary`.
#[derive(Debug, Args)]
pub struct Stationary {
    /// Saved minimum: minimum.safetensors of a run, or weights from PyTorch with --config
    minimum: PathBuf,
    #[command(flatten)]
    setting: Setting,
    /// B, one or several [default: those of 1, 4 and 16 that the data allow]
    #[arg(long, value_delimiter = ',')]
    batch_sizes: Option<Vec<usize>>,
    /// Step sizes, in units of η*_var for each batch size
    #[arg(long, value_delimiter = ',', default_values_t = [0.01, 0.03, 0.1, 0.3])]
    fractions: Vec<f64>,
    /// Steps of each chain; averages begin after half of them
    #[arg(long, default_value_t = 100_000)]
    steps: u64,
    /// Independent chains at every step size
    #[arg(long, default_value_t = 8)]
    chains: u64,
    /// Draw batches by shuffling every epoch, not independently of one another
    #[arg(long)]
    shuffle: bool,
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder for stationary.csv and its figure [default: stationary, beside the minimum]
    #[arg(long, short)]
    out: Option<PathBuf>,
}

impl Stationary {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        self.check()?;
        let context = || format!("cannot use {}", self.minimum.display());
        let minimum = self.setting.load(&self.minimum).with_context(context)?;
        let batch_sizes = self.batch_sizes(&minimum).with_context(context)?;
        let (folder, csv) = beside::prepare(&self.minimum, self.out.as_deref(), "stationary")?;
        let (bottom, expansion) = expand(&minimum, style).with_context(context)?;
        let rows = self.measure(&minimum, &batch_sizes, &bottom, &expansion, style)?;
        let table = table::to_csv(&rows, self.sampling().name())?;
        let kept = Kept::write("stationary", csv, &folder, &table, draw_stationary);
        let shown = self.answer(&kept, &bottom, &expansion, &rows, style);
        kept.settle(shown, style)?;
        Ok(ExitCode::SUCCESS)
    }

    fn check(&self) -> Result<(), UsageError> {
        let sensible = |part: &f64| (LEAST_FRACTION..1.0).contains(part);
        let fault = if self.chains < 2 {
            "--chains must be at least 2, for an error of their mean"
        } else if self.steps == 0 {
            "--steps must be at least 1"
        } else if !self.fractions.iter().all(sensible) {
            "--fractions must be below 1, where SGD stops being stable, and at least 1e-6, below \
             which it does not move"
        } else {
            return Ok(());
        };
        Err(UsageError(fault.to_owned()))
    }

    /// Refuses what cannot be had of this minimum before the Hessians of all samples are computed.
    fn batch_sizes(&self, minimum: &Minimum) -> Result<Vec<usize>, StationaryError> {
        let found = minimum.weights.widths().parameters();
        if found > PARAMETERS {
            return Err(StationaryError::Size { found });
        }
        let samples = minimum.data.samples;
        let usual = || BATCH_SIZES.into_iter().filter(|&size| size <= samples).collect();
        let batch_sizes = self.batch_sizes.clone().unwrap_or_else(usual);
        for &batch_size in &batch_sizes {
            Sampling::Distinct.coefficients(samples, batch_size)?;
        }
        Ok(batch_sizes)
    }

    fn sampling(&self) -> BatchSampling {
        BatchSampling::shuffled(self.shuffle)
    }

    fn measure(
        &self,
        minimum: &Minimum,
        batch_sizes: &[usize],
        bottom: &Bottom,
        expansion: &Expansion,
        style: Style,
    ) -> anyhow::Result<Vec<Row>> {
        let mut points = Vec::new();
        for &batch_size in batch_sizes {
            let eta_var = expansion.eta_var(batch_size)?;
            let point = |part: &f64| Point { batch_size, learning_rate: part * eta_var, eta_var };
            points.extend(self.fractions.iter().map(point));
        }
        let request = Request {
            data: &minimum.data,
            loss: Loss::from(&minimum.spec.loss),
            sampling: self.sampling(),
            steps: self.steps,
            chains: self.chains,
            seed: self.seed,
        };
        let length = points.len() as u64;
        let bar = if style.quiet { ProgressBar::hidden() } else { ProgressBar::new(length) };
        let rows = request.run(bottom, expansion, &points, &|| bar.inc(1))?;
        bar.finish_and_clear();
        Ok(rows)
    }

    fn answer(
        &self,
        kept: &Kept,
        bottom: &Bottom,
        expansion: &Expansion,
        rows: &[Row],
        style: Style,
    ) -> anyhow::Result<()> {
        let outside = expansion.noise_in_null_space();
        let mut out = std::io::stdout().lock();
        if style.json {
            let answer = json!({
                "csv": kept.csv(), "figure": kept.figure(),
                "loss": bottom.loss, "gradient_norm": bottom.gradient_norm,
                "sharpness": bottom.sharpness, "rank": expansion.moments.eigenvalues().len(),
                "noise_in_null_space": outside, "points": rows,
            });
            return Ok(writeln!(out, "{answer:#}")?);
        }
        writeln!(out, "loss at the minimum    {}", number(bottom.loss))?;
        writeln!(out, "‖gradient‖ there       {:.1e}", bottom.gradient_norm)?;
        writeln!(out, "sharpness, true H      {}", number(bottom.sharpness))?;
        writeln!(out, "rank of H              {}", expansion.moments.eigenvalues().len())?;
        writeln!(out, "noise in its null space {outside:.1e} of the whole\n")?;
        writeln!(out, "{}", table::page(rows))?;
        Ok(kept.print(&mut out)?)
    }
}

/// Down to the very minimum, and the samples' losses around it.
fn expand(minimum: &Minimum, style: Style) -> Result<(Bottom, Expansion), StationaryError> {
    style.note("the Hessians of all samples at the minimum …");
    let loss = Loss::from(&minimum.spec.loss);
    let bottom = descend(&minimum.weights, &minimum.data, loss)?;
    let expansion = Expansion::at(&bottom.weights, &minimum.data, loss)?;
    Ok((bottom, expansion))
}
