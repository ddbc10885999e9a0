//! `probe.csv`: one line per run.

use etastar::probe::Outcome;
use serde::Serialize;

use super::thresholds::ProbeThresholds;

/// One run, and the thresholds that all runs share. Distances are Euclidean, over all weights and
/// biases. An empty cell is a threshold that was not found or not computed, or a number that is not
/// finite.
#[derive(Serialize)]
struct Line {
    /// η of this run, per step.
    learning_rate: f64,
    /// B, in samples.
    batch_size: usize,
    /// η*_var of linearised SGD with independent batches of B distinct samples.
    eta_var: f64,
    /// η*_var of shuffled epochs; only with `--shuffle`.
    eta_var_epoch: Option<f64>,
    /// η*_as of the process of the probe, and its interval.
    eta_as: Option<f64>,
    eta_as_low: Option<f64>,
    eta_as_high: Option<f64>,
    /// Index of the perturbation and of the batches, from 0.
    repeat: u64,
    /// ‖θ − θ*‖ before the first step, the largest at the end of an epoch, and the last.
    initial_distance: f64,
    largest_distance: Option<f64>,
    final_distance: Option<f64>,
    /// Loss of all samples before the first step and after the last.
    initial_loss: f64,
    final_loss: Option<f64>,
    /// Number of epochs of ⌈n/B⌉ steps; fewer than requested if the run was far away.
    epochs: u64,
    /// `stays`, if the last distance is at most ten times the initial one, or `leaves`.
    outcome: &'static str,
}

/// `probe.csv`.
pub fn to_csv(
    batch_size: usize,
    thresholds: ProbeThresholds,
    runs: &[Outcome],
) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for run in runs {
        writer.serialize(line(batch_size, thresholds, run))?;
    }
    Ok(writer.into_inner()?)
}

fn line(batch_size: usize, thresholds: ProbeThresholds, run: &Outcome) -> Line {
    Line {
        learning_rate: run.learning_rate,
        batch_size,
        eta_var: thresholds.eta_var,
        eta_var_epoch: thresholds.eta_var_epoch.map(|found| found.value),
        eta_as: thresholds.eta_as.map(|found| found.value),
        eta_as_low: thresholds.eta_as.map(|found| found.low),
        eta_as_high: thresholds.eta_as.map(|found| found.high),
        repeat: run.repeat,
        initial_distance: run.initial_distance,
        largest_distance: run.largest_distance,
        final_distance: run.final_distance,
        initial_loss: run.initial_loss,
        final_loss: run.final_loss,
        epochs: run.epochs,
        outcome: if run.stays { "stays" } else { "leaves" },
    }
}
