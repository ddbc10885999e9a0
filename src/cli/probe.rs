//! `etastar probe`: does the true SGD stay at a minimum where the thresholds say so?

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use etastar::config::{Algorithm, BatchSampling, logspace};
use etastar::curvature::{Pass, gram};
use etastar::figures::{Outcome as Figure, draw_probe};
use etastar::probe::{Outcome, Probe as Request};
use etastar::stability::batches::Process;
use etastar::stability::generalized_sharpness;
use etastar::stability::lyapunov::{AlmostSureThreshold, Effort, Factor, Linearised};
use etastar::stability::moment::{MomentThreshold, eta_var_of_epochs};
use etastar::stability::sampling::Sampling;
use etastar::stability::thresholds::{Request as Thresholds, thresholds};
use etastar::sweep::write_file;
use faer::Par;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::json;

use super::beside;
use super::exit::UsageError;
use super::format::number;
use super::minimum::{Minimum, Setting};
use super::show::Style;

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

/// Where the linearised process stops being stable.
#[derive(Debug, Clone, Copy)]
struct Edges {
    eta_var: f64,
    /// Of shuffled epochs, where they are what is followed.
    eta_var_epoch: Option<MomentThreshold>,
    eta_as: Option<AlmostSureThreshold>,
    /// Of the minimum itself.
    loss: f64,
}

/// One line of probe.csv.
#[derive(Serialize)]
struct Row<'a> {
    learning_rate: f64,
    batch_size: usize,
    eta_var: f64,
    eta_var_epoch: Option<f64>,
    eta_as: Option<f64>,
    eta_as_low: Option<f64>,
    eta_as_high: Option<f64>,
    repeat: u64,
    initial_distance: f64,
    largest_distance: Option<f64>,
    final_distance: Option<f64>,
    initial_loss: f64,
    final_loss: Option<f64>,
    epochs: u64,
    outcome: &'a str,
}

impl Probe {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        self.check()?;
        let (folder, csv) = beside::prepare(&self.minimum, self.out.as_deref(), "probe")?;
        let minimum = self
            .setting
            .load(&self.minimum)
            .with_context(|| format!("cannot probe {}", self.minimum.display()))?;
        let batch_size = self.batch_size.unwrap_or(minimum.spec.train.batch_size);
        style.note("thresholds of the linearised process …");
        let edges = self.edges(&minimum, batch_size)?;
        let outcomes = self.follow(&minimum, batch_size, &self.step_sizes(edges), style)?;
        warn_of_drift(edges.loss, &outcomes, style);
        write_rows(&csv, batch_size, edges, &outcomes)?;
        let figure = draw_probe(&csv, &folder)?;
        self.answer(&csv, &figure, edges, &outcomes, style)?;
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

    /// The edges of the process; η*_var of independent batches too where it has another.
    fn edges(&self, minimum: &Minimum, batch_size: usize) -> anyhow::Result<Edges> {
        let Minimum { weights, data, spec } = minimum;
        let pass = Pass::new(weights, data, spec.loss.factor, Par::rayon(0));
        let gram = gram(&pass)?;
        let sampling = Sampling::Distinct;
        let effort = generalized_sharpness::Effort::default();
        let request = Thresholds { batch_sizes: vec![batch_size], sampling, effort };
        let report = thresholds(&gram, &request, &mut |_| ())?;
        let found = &report.thresholds[0];
        let process = if self.mixture {
            Process::equivalent_mixture(gram.samples(), batch_size)?
        } else {
            Process::Sgd { sampling, batch_size }
        };
        let (factor, decay) = (Factor::of(&gram)?, report.decay(found));
        let effort = Effort::default();
        let independent = Linearised { gram: &gram, factor: &factor, process, decay, effort };
        let linearised =
            if self.shuffle { independent.on_shuffled_epochs(batch_size) } else { independent };
        let of_epochs = || eta_var_of_epochs(&factor, batch_size, found.eta_var).ok();
        Ok(Edges {
            eta_var: found.eta_var,
            eta_var_epoch: self.shuffle.then(of_epochs).flatten(),
            eta_as: linearised.eta_as().ok(),
            loss: pass.loss(),
        })
    }

    /// From half of the smaller threshold to twice the larger one.
    fn step_sizes(&self, edges: Edges) -> Vec<f64> {
        let last = edges.eta_as.map_or(edges.eta_var, |found| found.value.max(edges.eta_var));
        let (low, high) = ((0.5 * edges.eta_var).log10(), (2.0 * last).log10());
        (0..self.points).map(|k| logspace(low, high, self.points, k)).collect()
    }

    fn follow(
        &self,
        minimum: &Minimum,
        batch_size: usize,
        step_sizes: &[f64],
        style: Style,
    ) -> anyhow::Result<Vec<Outcome>> {
        let probe = Request {
            weights: &minimum.weights,
            data: &minimum.data,
            factor: minimum.spec.loss.factor,
            algorithm: if self.mixture { Algorithm::Mixture } else { Algorithm::Sgd },
            sampling: if self.shuffle { BatchSampling::Epoch } else { BatchSampling::Uniform },
            batch_size,
            perturbation: self.perturbation,
            epochs: self.epochs,
            repeats: self.repeats,
            seed: self.seed,
        };
        let runs = step_sizes.len() as u64 * self.repeats;
        let bar = if style.quiet { ProgressBar::hidden() } else { ProgressBar::new(runs) };
        let outcomes = probe.run(step_sizes, &|| bar.inc(1))?;
        bar.finish_and_clear();
        Ok(outcomes)
    }

    fn answer(
        &self,
        csv: &Path,
        figure: &Figure,
        edges: Edges,
        outcomes: &[Outcome],
        style: Style,
    ) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if style.json {
            let answer = json!({
                "csv": csv,
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
        writeln!(out, "\n{}", csv.display())?;
        if let Figure::Drawn { svg, png, .. } = figure {
            writeln!(out, "{}\n{}", svg.display(), png.display())?;
        }
        Ok(())
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

fn write_rows(
    path: &Path,
    batch_size: usize,
    edges: Edges,
    outcomes: &[Outcome],
) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for run in outcomes {
        writer.serialize(Row {
            learning_rate: run.learning_rate,
            batch_size,
            eta_var: edges.eta_var,
            eta_var_epoch: edges.eta_var_epoch.map(|found| found.value),
            eta_as: edges.eta_as.map(|found| found.value),
            eta_as_low: edges.eta_as.map(|found| found.low),
            eta_as_high: edges.eta_as.map(|found| found.high),
            repeat: run.repeat,
            initial_distance: run.initial_distance,
            largest_distance: run.largest_distance,
            final_distance: run.final_distance,
            initial_loss: run.initial_loss,
            final_loss: run.final_loss,
            epochs: run.epochs,
            outcome: if run.stays { "stays" } else { "leaves" },
        })?;
    }
    Ok(write_file(path, &writer.into_inner()?)?)
}
