//! `etastar stationary`: where SGD hovers around a minimum that does not interpolate.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use etastar::config::BatchSampling;
use etastar::figures::{Outcome as Figure, draw_stationary};
use etastar::quadratic::growth::Mean;
use etastar::stationary::{Expansion, Minimum as Bottom, Point, Request, Row, StationaryError};
use etastar::stationary::{PARAMETERS, descend};
use etastar::sweep::write_file;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::json;

use super::beside;
use super::exit::UsageError;
use super::format::{headed, number};
use super::minimum::{Minimum, Setting};
use super::show::Style;

/// Arguments of `stationary`.
#[derive(Debug, Args)]
pub struct Stationary {
    /// Saved minimum: minimum.safetensors of a run, or weights from PyTorch with --config
    minimum: PathBuf,
    #[command(flatten)]
    setting: Setting,
    /// B, one or several
    #[arg(long, value_delimiter = ',', default_values_t = [1, 4, 16])]
    batch_sizes: Vec<usize>,
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

/// One line of stationary.csv.
#[derive(Debug, Default, Serialize)]
struct Line {
    batch_size: usize,
    learning_rate: f64,
    eta_var: f64,
    sampling: &'static str,
    loss_gap_theory: Option<f64>,
    loss_gap_measured: Option<f64>,
    loss_gap_error: Option<f64>,
    distance_theory: Option<f64>,
    distance_measured: Option<f64>,
    distance_error: Option<f64>,
    gradient_squared_theory: Option<f64>,
    gradient_squared_measured: Option<f64>,
    gradient_squared_error: Option<f64>,
    /// (1/n) Σ‖g_i‖² while it hovers, in units of its value at the minimum.
    noise_measured: Option<f64>,
    noise_error: Option<f64>,
    unsettled: Option<f64>,
}

impl Stationary {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        self.check()?;
        let (folder, csv) = beside::prepare(&self.minimum, self.out.as_deref(), "stationary")?;
        let context = || format!("cannot use {}", self.minimum.display());
        let minimum = self.setting.load(&self.minimum).with_context(context)?;
        let (bottom, expansion) = expand(&minimum, style).with_context(context)?;
        let rows = self.measure(&minimum, &bottom, &expansion, style)?;
        self.write_rows(&csv, &rows)?;
        let figure = draw_stationary(&csv, &folder)?;
        self.answer(&csv, &figure, &bottom, &expansion, &rows, style)?;
        Ok(ExitCode::SUCCESS)
    }

    fn check(&self) -> Result<(), UsageError> {
        let fault = if self.chains < 2 {
            "--chains must be at least 2, for an error of their mean"
        } else if self.steps == 0 {
            "--steps must be at least 1"
        } else if !self.fractions.iter().all(|&part| part > 0.0 && part.is_finite()) {
            "--fractions must be positive"
        } else {
            return Ok(());
        };
        Err(UsageError(fault.to_owned()))
    }

    fn sampling(&self) -> BatchSampling {
        if self.shuffle { BatchSampling::Epoch } else { BatchSampling::Uniform }
    }

    fn measure(
        &self,
        minimum: &Minimum,
        bottom: &Bottom,
        expansion: &Expansion,
        style: Style,
    ) -> anyhow::Result<Vec<Row>> {
        let mut points = Vec::new();
        for &batch_size in &self.batch_sizes {
            let eta_var = expansion.eta_var(batch_size)?;
            let point = |part: &f64| Point { batch_size, learning_rate: part * eta_var, eta_var };
            points.extend(self.fractions.iter().map(point));
        }
        let request = Request {
            data: &minimum.data,
            factor: minimum.spec.loss.factor,
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

    fn write_rows(&self, path: &Path, rows: &[Row]) -> anyhow::Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in rows {
            writer.serialize(line(row, self.sampling().name()))?;
        }
        Ok(write_file(path, &writer.into_inner()?)?)
    }

    fn answer(
        &self,
        csv: &Path,
        figure: &Figure,
        bottom: &Bottom,
        expansion: &Expansion,
        rows: &[Row],
        style: Style,
    ) -> anyhow::Result<()> {
        let outside = expansion.noise_in_null_space();
        let mut out = std::io::stdout().lock();
        if style.json {
            let answer = json!({
                "csv": csv, "loss": bottom.loss, "gradient_norm": bottom.gradient_norm,
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
        write!(out, "{}", page(rows))?;
        writeln!(out, "\n{}", csv.display())?;
        if let Figure::Drawn { svg, png, .. } = figure {
            writeln!(out, "{}\n{}", svg.display(), png.display())?;
        }
        Ok(())
    }
}

/// Down to the very minimum, and the samples' losses around it.
fn expand(minimum: &Minimum, style: Style) -> Result<(Bottom, Expansion), StationaryError> {
    let found = minimum.weights.widths().parameters();
    if found > PARAMETERS {
        return Err(StationaryError::Size { found });
    }
    style.note("the Hessians of all samples at the minimum …");
    let factor = minimum.spec.loss.factor;
    let bottom = descend(&minimum.weights, &minimum.data, factor)?;
    let expansion = Expansion::at(&bottom.weights, &minimum.data, factor)?;
    Ok((bottom, expansion))
}

fn line(row: &Row, sampling: &'static str) -> Line {
    let (theory, measured) = (row.theory, row.measured);
    let value = |mean: Option<Mean>| mean.map(|mean| mean.value);
    let error = |mean: Option<Mean>| mean.map(|mean| mean.error);
    let [loss_gap, distance, gradient, noise] = [
        measured.map(|found| found.loss_gap),
        measured.map(|found| found.distance),
        measured.map(|found| found.gradient_squared),
        measured.map(|found| found.noise),
    ];
    Line {
        batch_size: row.point.batch_size,
        learning_rate: row.point.learning_rate,
        eta_var: row.point.eta_var,
        sampling,
        loss_gap_theory: theory.map(|found| found.loss_gap),
        loss_gap_measured: value(loss_gap),
        loss_gap_error: error(loss_gap),
        distance_theory: theory.map(|found| found.distance),
        distance_measured: value(distance),
        distance_error: error(distance),
        gradient_squared_theory: theory.map(|found| found.gradient_squared),
        gradient_squared_measured: value(gradient),
        gradient_squared_error: error(gradient),
        noise_measured: value(noise),
        noise_error: error(noise),
        unsettled: theory.map(|found| found.unsettled),
    }
}

fn page(rows: &[Row]) -> String {
    let header = ["B", "η", "η/η*_var", "L − L*: theory", "measured", "±", "ratio", "noise"];
    let row = |row: &Row| {
        let theory = row.theory.map(|found| found.loss_gap);
        let measured = row.measured.map(|found| found.loss_gap);
        let ratio = theory.zip(measured).map(|(theory, found)| found.value / theory);
        let text = |value: Option<f64>, none: &str| value.map_or(none.to_owned(), number);
        vec![
            row.point.batch_size.to_string(),
            number(row.point.learning_rate),
            number(row.point.learning_rate / row.point.eta_var),
            text(theory, "unstable"),
            text(measured.map(|mean| mean.value), "diverged"),
            text(measured.map(|mean| mean.error), ""),
            text(ratio, ""),
            text(row.measured.map(|found| found.noise.value), ""),
        ]
    };
    headed(header, rows.iter().map(row))
}
