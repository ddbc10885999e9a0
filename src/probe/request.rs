//! What a probe measures.

use crate::data::Dataset;
use crate::loss::Loss;
use crate::net::Weights;
use crate::optimizer::Optimizer;
use crate::process::BatchSettings;

/// A probe: perturbed runs of SGD at several step sizes.
#[derive(Debug)]
pub struct Request<'a> {
    /// θ*.
    pub weights: &'a Weights,
    pub data: &'a Dataset,
    pub loss: Loss,
    pub batches: BatchSettings,
    pub optimizer: Optimizer,
    /// ‖δ‖/‖θ*‖.
    pub perturbation: f64,
    /// Epochs of ⌈n/B⌉ steps.
    pub epochs: u64,
    /// Number of runs at every step size, each with its own δ and batches, the same at all step sizes.
    pub repeats: u64,
    pub seed: u64,
}
