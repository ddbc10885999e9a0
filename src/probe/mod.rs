//! From a saved minimum, slightly perturbed: at which step sizes does the true, nonlinear SGD stay?
//!
//! The thresholds η*_var and η*_as are statements about the linearised process; the probe asks the
//! network itself. Every run starts at θ* + δ with δ in the range of H (elsewhere nothing pulls back)
//! and keeps its step size from the first step on.

mod perturb;
mod walk;

use rayon::prelude::*;
use serde::Serialize;

use crate::data::Dataset;
use crate::loss::Loss;
use crate::net::Weights;
use crate::process::{BatchSettings, SamplingError};
use crate::train::EngineError;

/// A perturbed run stays if it ends within this many times its initial distance.
pub const STAYS_WITHIN: f64 = 10.0;
/// Beyond this many times the initial distance it has left, and is not followed further.
const GONE: f64 = 100.0;

/// A perturbed start may be this far from the wanted one, relative to the perturbation: single
/// precision rounds every weight, and what it adds lies mostly where nothing pulls back.
const ROUNDING: f64 = 0.1;

/// What cannot be probed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProbeError {
    #[error(transparent)]
    BatchSize(#[from] SamplingError),
    /// A perturbation has its length from that of the weights.
    #[error("all weights are 0, and a perturbation relative to their length would be 0 too")]
    Zero,
    /// θ* + δ cannot be told from θ*, or is somewhere else.
    #[error(
        "single precision cannot see a perturbation of {perturbation:e} of the weights' length: \
         rounding changes it by more than a tenth; from 1e-6 on it does not"
    )]
    Lost { perturbation: f64 },
}

/// What is probed.
#[derive(Debug)]
pub struct Probe<'a> {
    /// θ*.
    pub weights: &'a Weights,
    pub data: &'a Dataset,
    pub loss: Loss,
    pub batches: BatchSettings,
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
    /// θ* + δ for every repeat, to be had before the long work: whatever cannot be probed is refused
    /// here.
    ///
    /// # Errors
    /// See [`ProbeError`].
    pub fn prepare(&self) -> Result<Vec<Weights>, ProbeError> {
        self.batches.process(self.data.samples)?;
        perturb::starts(self)
    }

    /// Follows all `starts` of [`Probe::prepare`] at all step sizes, in order; `done` hears of every
    /// one that ends.
    ///
    /// # Errors
    /// An engine that failed.
    pub fn run(
        &self,
        starts: &[Weights],
        step_sizes: &[f64],
        done: &(dyn Fn() + Sync),
    ) -> Result<Vec<Outcome>, EngineError> {
        let all = |&rate| (0..).zip(starts).map(move |(repeat, start)| (rate, repeat, start));
        let runs: Vec<(f64, u64, &Weights)> = step_sizes.iter().flat_map(all).collect();
        let run = |&(rate, repeat, start): &(f64, u64, &Weights)| {
            let outcome = walk::follow(self, start, rate, repeat);
            done();
            outcome
        };
        runs.par_iter().map(run).collect()
    }
}
