//! `etastar probe`: does the true SGD stay at a minimum where the thresholds say so?

mod edges;
mod table;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use etastar::figures::draw_probe;
use etastar::loss::Loss;
use etastar::net::Weights;
use etastar::probe::{Outcome, Probe as Request};
use etastar::process::{Algorithm, BatchSampling, BatchSettings};
use indicatif::ProgressBar;
use serde_json::json;

use super::beside;
use super::exit::UsageError;
use super::format::number;
use super::kept::Kept;
use super::minimum::{Minimum, Setting};
use super::show::Style;
use edges::Edges;

/// Arguments of `probe`.
#[derive(Debug, Args)]
pub struct Probe {
    /// Saved minimum: minimum.safetensors of a run, or weights from PyTorch with --config
    minimum: PathBuf,
    #[command(flatten)]
    setting: Setting,
    /// B [default: that of the run]
    #[arg(long)]
    batch_size: Option<usize>,
    /// Step sizes tried, evenly on a logarithmic scale around η*_var and η*_as
    #[arg(long, default_value_t = 16)]
    points: usize,
    /// Runs at every step size, each with another perturbation and other batches
    #[arg(long, default_value_t = 8)]
    repeats: u64,
    /// Length of the perturbation, relative to that of the parameters
    #[arg(long, default_value_t = 1e-4)]
    perturbation: f64,
    /// Epochs of ⌈n/B⌉ steps
    #[arg(long, default_value_t = 100)]
    epochs: u64,
    /// Take single samples with probability (n − B)/(B(n − 1)) and all of them otherwise, the
    /// process with the mean-square threshold of SGD with batches of B
    #[arg(long, conflicts_with = "shuffle")]
    mixture: bool,
    /// Draw batches by shuffling every epoch, not independently of one another
    #[arg(long)]
    shuffle: bool,
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder for probe.csv and its figure [default: probe, beside the minimum]
    #[arg(long, short)]
    out: Option<PathBuf>,
}

impl Probe {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        self.check()?;
        let context = || format!("cannot probe {}", self.minimum.display());
        let minimum = self.setting.load(&self.minimum).with_context(context)?;
        let request = self.request(&minimum);
        let starts = request.prepare().with_context(context)?;
        let (folder, csv) = beside::prepare(&self.minimum, self.out.as_deref(), "probe")?;
        style.note("thresholds of the linearised process …");
        let edges = Edges::of(&request)?;
        let outcomes = self.follow(&request, &starts, edges, style)?;
        warn_of_drift(edges.loss, &outcomes, style);
        let table = table::to_csv(request.batches.batch_size, edges, &outcomes)?;
        let kept = Kept::write("probe", csv, &folder, &table, draw_probe);
        let shown = self.answer(&kept, edges, &outcomes, style);
        kept.settle(shown, style)?;
        Ok(ExitCode::SUCCESS)
    }

    fn check(&self) -> Result<(), UsageError> {
        let fault = if self.points < 2 {
            "--points must be at least 2"
        } else if self.repeats == 0 {
            "--repeats must be at least 1"
        } else if self.epochs == 0 {
            "--epochs must be at least 1"
        } else if !(self.perturbation > 0.0 && self.perturbation < 1.0) {
            "--perturbation must be between 0 and 1"
        } else {
            return Ok(());
        };
        Err(UsageError(fault.to_owned()))
    }

    fn request<'m>(&self, minimum: &'m Minimum) -> Request<'m> {
        Request {
            weights: &minimum.weights,
            data: &minimum.data,
            loss: Loss::from(&minimum.spec.loss),
            batches: BatchSettings {
                algorithm: if self.mixture { Algorithm::Mixture } else { Algorithm::Sgd },
                sampling: BatchSampling::shuffled(self.shuffle),
                batch_size: self.batch_size.unwrap_or(minimum.spec.train.batch_size),
            },
            perturbation: self.perturbation,
            epochs: self.epochs,
            repeats: self.repeats,
            seed: self.seed,
        }
    }

    fn follow(
        &self,
        request: &Request<'_>,
        starts: &[Weights],
        edges: Edges,
        style: Style,
    ) -> anyhow::Result<Vec<Outcome>> {
        let step_sizes = edges.around(self.points);
        let runs = step_sizes.len() as u64 * self.repeats;
        let bar = if style.quiet { ProgressBar::hidden() } else { ProgressBar::new(runs) };
        let outcomes = request.run(starts, &step_sizes, &|| bar.inc(1))?;
        bar.finish_and_clear();
        Ok(outcomes)
    }

    fn answer(
        &self,
        kept: &Kept,
        edges: Edges,
        outcomes: &[Outcome],
        style: Style,
    ) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if style.json {
            let answer = json!({
                "csv": kept.csv(),
                "figure": kept.figure(),
                "eta_var": edges.eta_var,
                "eta_var_epoch": edges.eta_var_epoch,
                "eta_as": edges.eta_as,
                "runs": outcomes,
            });
            return Ok(writeln!(out, "{answer:#}")?);
        }
        let independent = if self.shuffle { " of independent batches" } else { "" };
        writeln!(out, "η*_var {}{independent}", number(edges.eta_var))?;
        if let Some(found) = edges.eta_var_epoch {
            let (value, low, high) = (found.value, found.low, found.high);
            writeln!(out, "η*_var {} ({} to {})", number(value), number(low), number(high))?;
        }
        if let Some(found) = edges.eta_as {
            let (value, low, high) = (found.value, found.low, found.high);
            writeln!(out, "η*_as  {} ({} to {})", number(value), number(low), number(high))?;
        }
        writeln!(out, "\nη           stays")?;
        for runs in outcomes.chunks(self.repeats as usize) {
            let stay = runs.iter().filter(|run| run.stays).count();
            writeln!(out, "{:<10}  {stay} of {}", number(runs[0].learning_rate), runs.len())?;
        }
        writeln!(out)?;
        Ok(kept.print(&mut out)?)
    }
}

/// A minimum that is not quite reached pulls SGD further along, which looks like leaving.
fn warn_of_drift(loss: f64, outcomes: &[Outcome], style: Style) {
    const CLEAR: f64 = 10.0;
    let least = outcomes.iter().map(|run| run.initial_loss).fold(f64::INFINITY, f64::min);
    if least < CLEAR * loss {
        style.note(&format!(
            "the perturbation raises the loss of the minimum from {} to {} only: its own drift may \
             count as leaving; raise --perturbation, or train to a smaller train.tolerance",
            number(loss),
            number(least)
        ));
    }
}
