//! `etastar probe`: does the true SGD stay at a minimum where the thresholds say so?

mod table;
mod thresholds;

use std::process::ExitCode;

use clap::Args;
use etastar::figures::draw_probe;
use etastar::loss::Loss;
use etastar::memory::check_probe;
use etastar::net::Weights;
use etastar::probe::{Outcome, Request};
use etastar::process::{Algorithm, BatchSampling, BatchSettings};
use etastar::text::number;
use serde_json::{Value, json};

use super::exit::UsageError;
use super::minimum_args::Minimum;
use super::minimum_experiment::{self, ExperimentArgs, MinimumExperiment, SavedMinimumArgs};
use super::output_files::Draw;
use super::output_options::OutputOptions;
use thresholds::ProbeThresholds;

/// Arguments of `probe`.
#[derive(Debug, Args)]
pub struct Probe {
    #[command(flatten)]
    minimum: SavedMinimumArgs,
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
    #[command(flatten)]
    experiment: ExperimentArgs,
}

const LEGEND: &str = "\
(η*_var: largest step size stable in mean square; η*_as: almost surely;
a run stays if it ends at most ten times as far from the minimum as it began)
";

/// Step sizes from half of a threshold to twice another are then closer than a part in 1e5 of each other.
const MAX_POINTS: usize = 1_000_000;

/// The thresholds and the runs around them.
pub struct Results {
    batch_size: usize,
    thresholds: ProbeThresholds,
    runs: Vec<Outcome>,
}

impl Probe {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        minimum_experiment::run(self, output)
    }

    /// Number of runs.
    fn runs(&self) -> u64 {
        (self.points as u64).saturating_mul(self.repeats)
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
            optimizer: minimum.spec.train.optimizer(),
            perturbation: self.perturbation,
            epochs: self.epochs,
            repeats: self.repeats,
            seed: self.experiment.seed,
        }
    }
}

impl MinimumExperiment for Probe {
    const NAME: &'static str = "probe";
    const DRAW: Draw = draw_probe;
    type Plan<'m> = (Request<'m>, Vec<Weights>);
    type Results = Results;

    fn saved_minimum(&self) -> &SavedMinimumArgs {
        &self.minimum
    }

    fn args(&self) -> &ExperimentArgs {
        &self.experiment
    }

    fn check(&self) -> Result<(), UsageError> {
        let fault = if self.points < 2 {
            "--points must be at least 2"
        } else if self.points > MAX_POINTS {
            "--points must be at most 1000000: more step sizes would be closer than their thresholds \
             are known"
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

    /// The request and the perturbed weights of every repeat.
    fn plan<'m>(&self, minimum: &'m Minimum) -> anyhow::Result<Self::Plan<'m>> {
        let request = self.request(minimum);
        let (data, parameters) = (&minimum.data, minimum.weights.widths().parameters());
        let (runs, result) = (self.runs(), size_of::<Outcome>());
        check_probe(data.samples * data.outputs, parameters, self.repeats, runs, result)?;
        let starts = request.prepare()?;
        Ok((request, starts))
    }

    fn measure(
        &self,
        (request, starts): &Self::Plan<'_>,
        output: OutputOptions,
    ) -> anyhow::Result<Results> {
        output.note("thresholds of the linearised process …");
        let thresholds = ProbeThresholds::compute(request)?;
        let step_sizes = thresholds.step_sizes_around(self.points);
        let runs = output.with_progress_bar(self.runs(), |bar| {
            request.run(starts, &step_sizes, &|| bar.inc(1))
        })?;
        warn_of_drift(thresholds.loss, &runs, output);
        Ok(Results { batch_size: request.batches.batch_size, thresholds, runs })
    }

    fn to_csv(&self, results: &Results) -> anyhow::Result<Vec<u8>> {
        table::to_csv(results.batch_size, results.thresholds, &results.runs)
    }

    fn to_json(&self, results: &Results) -> Value {
        json!({
            "eta_var": results.thresholds.eta_var,
            "eta_var_epoch": results.thresholds.eta_var_epoch,
            "eta_as": results.thresholds.eta_as,
            "runs": results.runs,
        })
    }

    fn to_text(&self, results: &Results) -> String {
        let ProbeThresholds { eta_var, eta_var_epoch, eta_as, .. } = results.thresholds;
        let independent = if self.shuffle { " of independent batches" } else { "" };
        let mut text = format!("η*_var {}{independent}\n", number(eta_var));
        let epoch = eta_var_epoch.map(|found| ("η*_var", found.value, found.low, found.high));
        let almost_sure = eta_as.map(|found| ("η*_as ", found.value, found.low, found.high));
        for (name, value, low, high) in epoch.into_iter().chain(almost_sure) {
            let [value, low, high] = [value, low, high].map(number);
            text += &format!("{name} {value} ({low} to {high})\n");
        }
        text += LEGEND;
        text += "\nη           stays\n";
        for runs in results.runs.chunks(self.repeats as usize) {
            let stay = runs.iter().filter(|run| run.stays).count();
            let (step_size, all) = (number(runs[0].learning_rate), runs.len());
            text += &format!("{step_size:<10}  {stay} of {all}\n");
        }
        text
    }
}

/// A minimum that is not quite reached pulls SGD further along, which looks like leaving.
fn warn_of_drift(loss: f64, runs: &[Outcome], output: OutputOptions) {
    const CLEAR: f64 = 10.0;
    let least = runs.iter().map(|run| run.initial_loss).fold(f64::INFINITY, f64::min);
    if least < CLEAR * loss {
        output.note(&format!(
            "the perturbation raises the loss of the minimum from {} to {} only: its own drift may \
             count as leaving; raise --perturbation, or train to a smaller train.tolerance",
            number(loss),
            number(least)
        ));
    }
}
