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
    /// The start θ* + δ of every repeat. Call this before the long computation: it returns an
    /// error if the minimum cannot be probed.
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

/// `weights` displaced by `length` along `direction`, in the order of [`Weights::parameters`]; `None` if
/// the rounding to single precision is too large.
fn displaced(weights: &Weights, direction: &[f64], length: f64) -> Option<Weights> {
    let scale = length / direction.iter().map(|x| x * x).sum::<f64>().sqrt();
    let moved = weights.plus(direction.iter().map(|x| scale * x));
    let mut squares = 0.0;
    for ((new, old), x) in moved.parameters().zip(weights.parameters()).zip(direction) {
        // Double precision can round `old + step`, but not the difference of two single-precision numbers.
        squares += (new - old - scale * x).powi(2);
    }
    (squares.sqrt() <= MAX_ROUNDING * length).then_some(moved)
}

/// ‖a − b‖ over all parameters.
pub fn distance(a: &Weights, b: &Weights) -> f64 {
    let squares = a.parameters().zip(b.parameters()).map(|(x, y)| (x - y).powi(2));
    squares.sum::<f64>().sqrt()
}

fn norm(weights: &Weights) -> f64 {
    weights.parameters().map(|x| x * x).sum::<f64>().sqrt()
}
