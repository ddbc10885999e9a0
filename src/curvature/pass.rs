//! One pass of all samples through the network, with their targets and loss, in double precision.

use faer::{Mat, Par};

use crate::data::Dataset;
use crate::loss::Loss;
use crate::net::{MlpPass, NetworkPass, Weights};

/// The network and the loss at all n samples.
#[derive(Debug)]
pub struct Pass {
    pub(super) network: Box<dyn NetworkPass>,
    /// y_i, n × q.
    targets: Mat<f64>,
    pub(super) loss: Loss,
}

impl Pass {
    /// Runs `data` through the network.
    pub fn new(weights: &Weights, data: &Dataset, loss: Loss, par: Par) -> Self {
        let target = |i, k| f64::from(data.targets[i * data.outputs + k]);
        Self {
            network: Box::new(MlpPass::new(weights, &data.inputs, data.samples, par)),
            targets: Mat::from_fn(data.samples, data.outputs, target),
            loss,
        }
    }

    /// n.
    pub fn samples(&self) -> usize {
        self.targets.nrows()
    }

    /// Rows of A_i.
    pub fn rows_per_sample(&self) -> usize {
        self.loss.function().root_rows(self.targets.ncols())
    }

    /// d, weights and biases.
    pub fn parameters(&self) -> usize {
        self.network.parameters()
    }

    /// See [`NetworkPass::dead_samples`].
    pub fn dead_samples(&self) -> usize {
        self.network.dead_samples()
    }

    /// L = (1/n) Σ ℓ_i.
    pub fn loss(&self) -> f64 {
        let sum = self.loss.function().sum(self.network.outputs(), self.targets.as_ref());
        self.loss.factor() * sum / self.samples() as f64
    }

    /// The residuals r_i of the loss, n × q: ∇ℓ_i = κ r_i in the outputs.
    pub(super) fn residuals(&self) -> Mat<f64> {
        self.loss.function().residuals(self.network.outputs(), self.targets.as_ref())
    }
}
