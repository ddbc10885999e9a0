//! What is trained on: sparse inputs, dense targets, the loss.

use super::error::{FusedError, check_finite, check_length};
use super::inputs::SparseInputs;
use crate::loss::Loss;

/// Samples and the loss of the network's outputs on them.
#[derive(Clone, Debug)]
pub struct Problem {
    inputs: SparseInputs,
    targets: Vec<f32>,
    outputs: usize,
    /// With its factor in single precision, as all that it is multiplied with.
    loss: Loss,
}

impl Problem {
    /// `targets` holds y_i, sample by sample, `outputs` numbers each.
    ///
    /// # Errors
    /// If the targets do not fit the samples, or a number is not finite, or there is no output.
    pub fn new(
        inputs: SparseInputs,
        targets: Vec<f32>,
        outputs: usize,
        loss: Loss,
    ) -> Result<Self, FusedError> {
        if outputs == 0 {
            return Err(FusedError::Empty("the number of outputs"));
        }
        check_length("the targets", &targets, inputs.samples() * outputs)?;
        check_finite("the targets", &targets)?;
        check_finite("the loss factor", &[loss.factor() as f32])?;
        Ok(Self { inputs, targets, outputs, loss: loss.in_single_precision() })
    }

    /// The inputs x_i.
    pub fn inputs(&self) -> &SparseInputs {
        &self.inputs
    }

    /// Number of outputs q.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Turns outputs without their bias, row by row of the batch, into the loss's residuals.
    /// Returns Σ ℓ_i over the batch.
    pub(super) fn residuals(&self, batch: &[u32], bias: &[f32], out: &mut [f32]) -> f64 {
        for out in out.chunks_mut(self.outputs) {
            out.iter_mut().zip(bias).for_each(|(out, bias)| *out += bias);
        }
        let target =
            |&sample: &u32| &self.targets[sample as usize * self.outputs..][..self.outputs];
        let mut targets = batch.iter().map(target);
        self.loss.factor() * self.loss.function().residuals_in_place(out, &mut targets)
    }

    /// What a residual is multiplied by to give the change of its output's bias in a step of size `rate`.
    pub(super) fn step_factor(&self, rate: f32, batch: usize) -> f32 {
        (-self.loss.derivative_factor() * f64::from(rate) / batch as f64) as f32
    }
}
