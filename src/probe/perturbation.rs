//! Random perturbations in the range of the Hessian.

use faer::Par;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::error::ProbeError;
use super::request::Request;
use crate::curvature::{Pass, pull_back};
use crate::net::Weights;

/// Largest rounding error of a perturbed start, relative to the perturbation: single precision rounds
/// every weight, mostly in directions without a restoring force.
const MAX_ROUNDING: f64 = 0.1;

impl Request<'_> {
    /// The start θ* + δ of every repeat. Call this before the long computation: it refuses whatever
    /// cannot be probed.
    ///
    /// # Errors
    /// See [`ProbeError`].
    pub fn prepare(&self) -> Result<Vec<Weights>, ProbeError> {
        self.batches.process(self.data.samples)?;
        starts(self)
    }
}

/// θ* + δ for every repeat: δ ∝ Aᵀz with random z, of length `perturbation`·‖θ*‖.
fn starts(request: &Request<'_>) -> Result<Vec<Weights>, ProbeError> {
    let length = request.perturbation * norm(request.weights);
    if length == 0.0 {
        return Err(ProbeError::Zero);
    }
    let pass = Pass::new(request.weights, request.data, request.loss, Par::rayon(0));
    let start = |repeat: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(request.seed);
        rng.set_stream(repeat);
        let side = pass.samples() * pass.rows_per_sample();
        let z: Vec<f64> = (0..side).map(|_| rng.random_range(-1.0..1.0)).collect();
        displaced(request.weights, &pull_back(&pass, &z), length)
            .ok_or(ProbeError::Lost { perturbation: request.perturbation })
    };
    (0..request.repeats).map(start).collect()
}

/// `weights` displaced by `length` along `direction`, in the order of [`values`]; `None` if the rounding
/// to single precision is too large.
fn displaced(weights: &Weights, direction: &[f64], length: f64) -> Option<Weights> {
    let scale = length / direction.iter().map(|x| x * x).sum::<f64>().sqrt();
    let (mut moved, mut squares) = (weights.clone(), 0.0);
    let parameters =
        moved.layers.iter_mut().flat_map(|layer| layer.weight.iter_mut().chain(&mut layer.bias));
    for (parameter, step) in parameters.zip(direction) {
        let (old, step) = (f64::from(*parameter), scale * step);
        *parameter = (old + step) as f32;
        // Double precision can round `old + step`, but not the difference of two single-precision numbers.
        squares += (f64::from(*parameter) - old - step).powi(2);
    }
    (squares.sqrt() <= MAX_ROUNDING * length).then_some(moved)
}

/// ‖a − b‖ over all parameters.
pub fn distance(a: &Weights, b: &Weights) -> f64 {
    let squares = values(a).zip(values(b)).map(|(x, y)| (x - y).powi(2));
    squares.sum::<f64>().sqrt()
}

fn norm(weights: &Weights) -> f64 {
    values(weights).map(|x| x * x).sum::<f64>().sqrt()
}

fn values(weights: &Weights) -> impl Iterator<Item = f64> {
    let layers = weights.layers.iter();
    layers.flat_map(|layer| layer.weight.iter().chain(&layer.bias)).map(|&x| f64::from(x))
}
