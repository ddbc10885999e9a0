//! Chains: runs of SGD from the minimum, with averages over time.

use faer::{MatRef, Par};

use super::error::StationaryError;
use crate::curvature::{Pass, gradient, mean_squared_gradient};
use crate::data::Dataset;
use crate::loss::Loss;
use crate::net::Weights;
use crate::optimizer::Optimizer;
use crate::process::{Algorithm, BatchSampling, BatchSettings, EpochSampler};
use crate::train::{Engine, EngineError, engine_at};

/// The settings of all chains.
#[derive(Debug)]
pub struct Request<'a> {
    pub data: &'a Dataset,
    pub loss: Loss,
    pub sampling: BatchSampling,
    pub optimizer: Optimizer,
    /// Steps of each chain; averages begin after half of them.
    pub steps: u64,
    /// Number of independent chains for each step size.
    pub chains: u64,
    pub seed: u64,
}

/// Averages over the second half of one chain. L and the g_i include the penalty of weight decay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Averages {
    /// ‖P(θ − θ*)‖², P the projection on the range of H; P = I with weight decay.
    pub distance: f64,
    /// L − L*.
    pub loss_gap: f64,
    /// ‖∇L‖².
    pub gradient_squared: f64,
    /// (1/n) Σ‖g_i‖² in units of its value at θ*, which the theory takes as constant.
    pub noise: f64,
}

/// Chains around one minimum.
pub struct Chains<'a> {
    pub request: &'a Request<'a>,
    /// θ* and L*.
    pub weights: &'a Weights,
    pub loss: f64,
    /// (1/n) Σ‖g_i‖² at θ*.
    pub noise: f64,
    /// Orthonormal columns that span the range of P.
    pub basis: MatRef<'a, f64>,
}

impl Request<'_> {
    /// Number of epochs of ⌈n/B⌉ steps that contain the steps of a chain.
    fn epochs(&self, batch_size: usize) -> u64 {
        self.steps.div_ceil(self.data.samples.div_ceil(batch_size) as u64).max(2)
    }
}

impl Chains<'_> {
    /// Runs one chain; `None` if it diverged.
    ///
    /// # Errors
    /// An engine that failed.
    pub fn run(
        &self,
        batch_size: usize,
        step_size: f64,
        seed: u64,
    ) -> Result<Option<Averages>, StationaryError> {
        let Request { data, loss, sampling, optimizer, .. } = *self.request;
        let mut engine = engine_at(self.weights, data, loss, optimizer)?;
        let settings = BatchSettings { algorithm: Algorithm::Sgd, sampling, batch_size };
        let sampler = EpochSampler { settings, samples: data.samples, seed };
        let epochs = self.request.epochs(batch_size);
        let mut sums = [0.0; 4];
        let measured = epochs - epochs / 2;
        for epoch in 0..epochs {
            let order = sampler.order(epoch);
            let (before, after) =
                order.split_at(samples_before_measurement(epoch, order.len(), batch_size));
            engine.steps(before, batch_size, step_size)?;
            if epoch >= epochs / 2 {
                let Some(now) = self.measure(engine.as_ref())? else { return Ok(None) };
                sums.iter_mut().zip(now).for_each(|(sum, now)| *sum += now / measured as f64);
            }
            engine.steps(after, batch_size, step_size)?;
            engine.end_epoch();
        }
        let [distance, loss_gap, gradient_squared, noise] = sums;
        Ok(Some(Averages { distance, loss_gap, gradient_squared, noise }))
    }

    fn measure(&self, engine: &dyn Engine) -> Result<Option<[f64; 4]>, EngineError> {
        let weights = engine.weights()?;
        if !weights.is_finite() {
            return Ok(None);
        }
        let pass = Pass::new(&weights, self.request.data, self.request.loss, Par::Seq);
        let pairs = weights.parameters().zip(self.weights.parameters());
        let away: Vec<f64> = pairs.map(|(now, then)| now - then).collect();
        let along = self
            .basis
            .col_iter()
            .map(|column| column.iter().zip(&away).map(|(u, x)| u * x).sum::<f64>().powi(2));
        let (slope, penalty) = (gradient(&pass), self.request.optimizer.rule().penalty());
        let pairs = slope.iter().zip(weights.parameters());
        let slope_squared: f64 = pairs.map(|(g, x)| (g + penalty * x).powi(2)).sum();
        // The mean of ‖g_i + cθ‖².
        let slope_size = slope.iter().map(|g| g * g).sum::<f64>();
        let noise = (mean_squared_gradient(&pass) + (slope_squared - slope_size)) / self.noise;
        let size: f64 = weights.parameters().map(|x| x * x).sum();
        let loss = pass.loss() + 0.5 * penalty * size;
        let now = [along.sum(), loss - self.loss, slope_squared, noise];
        Ok(now.iter().all(|value| value.is_finite()).then_some(now))
    }
}

/// Number of samples, in whole batches, before the measurement of this epoch. The positions are
/// equidistributed, because the ends of shuffled epochs are special.
fn samples_before_measurement(epoch: u64, samples: usize, batch_size: usize) -> usize {
    /// The fractional part of the golden ratio.
    const STRIDE: f64 = 0.618_033_988_749_894_9;
    let steps = samples.div_ceil(batch_size);
    let position = ((epoch as f64 * STRIDE).fract() * steps as f64) as usize;
    (position * batch_size).min(samples)
}
