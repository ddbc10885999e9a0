//! What `probe` writes down: a line of `probe.csv` for every run.

use etastar::probe::Outcome;
use serde::Serialize;

use super::edges::Edges;

/// One run, and the thresholds that all runs share. Distances are Euclidean, over all weights and
/// biases; an empty cell is a threshold that was not found or not asked for, or a number that is no
/// longer finite.
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
    /// η*_as of the process that is followed, and the interval it is sure to lie in.
    eta_as: Option<f64>,
    eta_as_low: Option<f64>,
    eta_as_high: Option<f64>,
    /// Which perturbation and which batches, from 0.
    repeat: u64,
    /// ‖θ − θ*‖ before the first step, the largest at the end of an epoch, and the last.
    initial_distance: f64,
    largest_distance: Option<f64>,
    final_distance: Option<f64>,
    /// Loss of all samples before the first step and after the last.
    initial_loss: f64,
    final_loss: Option<f64>,
    /// Epochs of ⌈n/B⌉ steps made: fewer than asked for if the run had left for good.
    epochs: u64,
    /// `stays`, if the last distance is at most ten times the initial one, or `leaves`.
    outcome: &'static str,
}

/// `probe.csv`.
pub fn to_csv(batch_size: usize, edges: Edges, outcomes: &[Outcome]) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for run in outcomes {
        writer.serialize(line(batch_size, edges, run))?;
    }
    Ok(writer.into_inner()?)
}

fn line(batch_size: usize, edges: Edges, run: &Outcome) -> Line {
    Line {
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
    }
}
