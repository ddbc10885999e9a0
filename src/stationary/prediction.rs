//! \[M\] Cor 13 at the minimum of a network.

use serde::Serialize;

use super::error::StationaryError;
use super::expansion::Expansion;
use crate::optimizer::Optimizer;
use crate::process::{Coefficients, Sampling};
use crate::stability::second_moment::stationary::stationary;

/// The stationary state by Cor 13, on the range of H.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Prediction {
    /// E‖P(θ − θ*)‖².
    pub distance: f64,
    /// E L − L*.
    pub loss_gap: f64,
    /// E‖∇L‖².
    pub gradient_squared: f64,
    /// Part of the loss gap that has not built up after half a chain from θ*:
    /// Σ λ_aΣ_aa (1 − ηλ_a)^{2t} / Σ λ_aΣ_aa for t steps; `None` where there is no gap, as for the
    /// full batch, which has no noise.
    pub unsettled: Option<f64>,
}

impl Expansion {
    /// η*_var = 2/λ_max(C†D) with the true Hessians of the samples, on the range of H, for batches
    /// of distinct samples.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn eta_var(&self, batch_size: usize) -> Result<f64, StationaryError> {
        let sharpness = self.moments.generalized_sharpness(self.coefficients(batch_size)?);
        Ok(Optimizer::default().rule().eta_var(sharpness))
    }

    /// The stationary state; `None` where there is none. `steps` is their number before the averages.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn predict(
        &self,
        batch_size: usize,
        step_size: f64,
        steps: u64,
    ) -> Result<Option<Prediction>, StationaryError> {
        let coefficients = self.coefficients(batch_size)?;
        let found = stationary(&self.moments, self.gradients.as_ref(), coefficients, step_size);
        let Ok(found) = found else { return Ok(None) };
        let values = self.moments.eigenvalues();
        let late = |(k, value): (usize, &f64)| {
            let left = (1.0 - step_size * value).abs().powf(2.0 * steps as f64);
            0.5 * value * found.covariance[(k, k)] * left
        };
        let unsettled: f64 = values.iter().enumerate().map(late).sum();
        Ok(Some(Prediction {
            distance: found.distance,
            loss_gap: found.loss_gap,
            gradient_squared: found.gradient_squared,
            unsettled: (found.loss_gap > 0.0).then(|| unsettled / found.loss_gap),
        }))
    }

    /// (1/n) Σ‖g_i‖².
    pub fn noise(&self) -> f64 {
        self.gradients.squared_norm_l2() / self.moments.samples() as f64
    }

    /// The part of Σ‖g_i‖² outside the range of H, where it drives a random walk.
    pub fn noise_in_null_space(&self) -> f64 {
        let within = (&self.gradients * self.moments.basis()).squared_norm_l2();
        (1.0 - within / self.gradients.squared_norm_l2()).max(0.0)
    }

    fn coefficients(&self, batch_size: usize) -> Result<Coefficients, StationaryError> {
        let samples = self.moments.samples();
        Ok(Sampling::Distinct.coefficients(samples, batch_size)?)
    }
}
