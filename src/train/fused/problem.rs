//! What is trained on: sparse inputs, dense targets, the factor of the loss.

use super::error::{FusedError, check_finite, check_length};
use super::inputs::SparseInputs;

/// A regression problem with sample loss ℓ_i = c‖f(x_i) − y_i‖².
#[derive(Clone, Debug)]
pub struct Problem {
    inputs: SparseInputs,
    targets: Vec<f32>,
    outputs: usize,
    factor: f32,
}

impl Problem {
    /// `targets` holds y_i, sample by sample, `outputs` numbers each; `factor` is c.
    ///
    /// # Errors
    /// If the targets do not fit the samples, or a number is not finite, or there is no output.
    pub fn new(
        inputs: SparseInputs,
        targets: Vec<f32>,
        outputs: usize,
        factor: f32,
    ) -> Result<Self, FusedError> {
        if outputs == 0 {
            return Err(FusedError::Empty("the number of outputs"));
        }
        check_length("the targets", &targets, inputs.samples() * outputs)?;
        check_finite("the targets", &targets)?;
        check_finite("the loss factor", &[factor])?;
        Ok(Self { inputs, targets, outputs, factor })
    }

    /// The inputs x_i.
    pub fn inputs(&self) -> &SparseInputs {
        &self.inputs
    }

    /// Number of outputs q.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Turns outputs without their bias, row by row of the batch, into residuals f(x_i) − y_i.
    /// Returns Σ ℓ_i over the batch.
    pub(super) fn residuals(&self, batch: &[u32], bias: &[f32], out: &mut [f32]) -> f64 {
        let mut squares = 0.0;
        for (out, &sample) in out.chunks_mut(self.outputs).zip(batch) {
            let target = &self.targets[sample as usize * self.outputs..][..self.outputs];
            for ((out, bias), target) in out.iter_mut().zip(bias).zip(target) {
                *out = *out + bias - target;
                squares += f64::from(*out).powi(2);
            }
        }
        f64::from(self.factor) * squares
    }

    /// What a residual is multiplied by to give the change of its output's bias in a step of size `rate`.
    pub(super) fn step_factor(&self, rate: f32, batch: usize) -> f32 {
        (-2.0 * f64::from(self.factor) * f64::from(rate) / batch as f64) as f32
    }
}
