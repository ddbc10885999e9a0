//! \[M\] Cor 13 at the minimum of a network.

use serde::Serialize;

use super::error::StationaryError;
use super::expansion::{CUTOFF, Expansion};
use crate::optimizer::LinearStep;
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
    /// The largest of the three below.
    pub unsettled: Option<f64>,
    /// Part of the distance that has not built up after half a chain from θ*:
    /// Σ Σ_aa ρ_a^{2t} / Σ Σ_aa for t steps, where ρ_a is the growth of direction a per step, |1 − ηλ_a| for plain
    /// SGD; `None` where there is no gap, as for the full batch, which has no noise. The flattest directions, which are the last to build up, are most of the
    /// distance and little of the gradient.
    pub distance_unsettled: Option<f64>,
    /// The same of the loss gap, with weights λ_a.
    pub loss_gap_unsettled: Option<f64>,
    /// The same of the gradient, with weights λ_a².
    pub gradient_squared_unsettled: Option<f64>,
}

impl Expansion {
    /// η*_var, 2/λ_max(C†D) for plain SGD, with the true Hessians of the samples, on the range of H, for
    /// batches of distinct samples.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn eta_var(&self, batch_size: usize) -> Result<f64, StationaryError> {
        let sharpness = self.moments.generalized_sharpness(self.coefficients(batch_size)?);
        Ok(self.moments.optimizer().rule().eta_var(sharpness))
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
        let variances: Vec<f64> = (0..values.len()).map(|k| found.covariance[(k, k)]).collect();
        let (rule, penalty) =
            (self.moments.optimizer().rule(), self.moments.optimizer().rule().penalty());
        let linear = rule.linear_step(step_size);
        let unsettled = |power| missing_part(values, &variances, power, &linear, penalty, steps);
        let parts = [0, 1, 2].map(|power| unsettled(power).filter(|_| found.loss_gap > 0.0));
        let [distance_unsettled, loss_gap_unsettled, gradient_squared_unsettled] = parts;
        Ok(Some(Prediction {
            distance: found.distance,
            loss_gap: found.loss_gap,
            gradient_squared: found.gradient_squared,
            unsettled: parts.into_iter().flatten().reduce(f64::max),
            distance_unsettled,
            loss_gap_unsettled,
            gradient_squared_unsettled,
        }))
    }

    /// The number of eigenvalues of H that do not count as zero.
    pub fn rank(&self) -> usize {
        let values = self.moments.eigenvalues();
        values.iter().filter(|value| **value > CUTOFF * values[0]).count()
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

/// Σ (λ_a + c)ᵖ Σ_aa ρ_a^{2t} / Σ (λ_a + c)ᵖ Σ_aa for t steps, c the penalty of weight decay: the part of a mean that starts from θ* and has not
/// built up yet. `None` without any.
fn missing_part(
    values: &[f64],
    variances: &[f64],
    power: i32,
    step: &LinearStep,
    penalty: f64,
    steps: u64,
) -> Option<f64> {
    let all =
        || values.iter().zip(variances).map(|(v, part)| (v, (v + penalty).powi(power) * part));
    let left = |value: f64| step.spectral_radius(value).powf(2.0 * steps as f64);
    let missing: f64 = all().map(|(value, part)| part * left(*value)).sum();
    let whole: f64 = all().map(|(_, part)| part).sum();
    (whole > 0.0).then(|| missing / whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::Optimizer;

    #[test]
    fn the_distance_builds_up_last_and_the_gradient_first() {
        let step = Optimizer::Sgd.rule().linear_step(1.0);
        // One direction is there after a step, the other one hardly begins.
        let [distance, loss_gap, gradient] = [0, 1, 2]
            .map(|power| missing_part(&[1.0, 0.01], &[2.0, 1.0], power, &step, 0.0, 1).unwrap());
        let late = 0.99_f64.powi(2);
        assert!((distance - late / 3.0).abs() < 1e-15, "{distance}");
        assert!((loss_gap - 0.01 * late / 2.01).abs() < 1e-15, "{loss_gap}");
        assert!((gradient - 1e-4 * late / 2.0001).abs() < 1e-15, "{gradient}");
        assert_eq!(missing_part(&[1.0], &[0.0], 1, &step, 0.0, 1), None);
    }
}
