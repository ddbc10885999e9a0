//! From a saved minimum, slightly perturbed: at which step sizes does the true, nonlinear SGD stay?
//!
//! The thresholds η*_var and η*_as are statements about the linearised process; the probe asks the
//! network itself. Every run starts at θ* + δ with δ in the range of H (elsewhere nothing pulls back)
//! and keeps its step size from the first step on.

mod perturb;
mod walk;

use rayon::prelude::*;
use serde::Serialize;

use crate::config::{Algorithm, BatchSampling};
use crate::data::Dataset;
use crate::net::Weights;
use crate::train::EngineError;

/// A perturbed run stays if it ends within this many times its initial distance.
pub const STAYS_WITHIN: f64 = 10.0;
/// Beyond this many times the initial distance it has left, and is not followed further.
const GONE: f64 = 100.0;

/// What is probed.
#[derive(Debug)]
pub struct Probe<'a> {
    /// θ*.
    pub weights: &'a Weights,
    pub data: &'a Dataset,
    /// c of the loss.
    pub factor: f64,
    pub algorithm: Algorithm,
    pub sampling: BatchSampling,
    /// B.
    pub batch_size: usize,
    /// ‖δ‖/‖θ*‖.
    pub perturbation: f64,
    /// Epochs of ⌈n/B⌉ steps.
    pub epochs: u64,
    /// Runs at every step size, each with its own δ and batches; the same at all step sizes.
    pub repeats: u64,
    pub seed: u64,
}

/// What became of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// η.
    pub learning_rate: f64,
    pub repeat: u64,
    /// ‖δ‖.
    pub initial_distance: f64,
    /// The largest and the last ‖θ − θ*‖ at the end of an epoch; `None` if not finite.
    pub largest_distance: Option<f64>,
    pub final_distance: Option<f64>,
    /// Full-data losses of θ* + δ and of the end.
    pub initial_loss: f64,
    pub final_loss: Option<f64>,
    pub epochs: u64,
    pub stays: bool,
}

impl Probe<'_> {
    /// All repeats at all step sizes, in order; `done` hears of every one that ends.
    ///
    /// # Errors
    /// An engine that failed.
    pub fn run(
        &self,
        step_sizes: &[f64],
        done: &(dyn Fn() + Sync),
    ) -> Result<Vec<Outcome>, EngineError> {
        let starts = perturb::starts(self);
        let pairs: Vec<(f64, u64)> = step_sizes
            .iter()
            .flat_map(|&rate| (0..self.repeats).map(move |repeat| (rate, repeat)))
            .collect();
        let run = |&(rate, repeat): &(f64, u64)| {
            let outcome = walk::follow(self, &starts[repeat as usize], rate, repeat);
            done();
            outcome
        };
        pairs.par_iter().map(run).collect()
    }
}
