//! Newton's method on the loss over all samples and the penalty of weight decay, from trained weights to the minimum.

use faer::{Mat, Par};

use super::error::StationaryError;
use super::expansion::{CUTOFF, eigen};
use crate::curvature::{LossHessian, Pass, gradient};
use crate::data::Dataset;
use crate::loss::Loss;
use crate::net::Weights;

/// A minimum up to rounding.
#[derive(Debug, Clone)]
pub struct StationaryPoint {
    pub weights: Weights,
    /// L(θ*), with the penalty.
    pub loss: f64,
    /// ‖∇L(θ*)‖.
    pub gradient_norm: f64,
    /// ½ ∇LᵀH⁺∇L, the possible decrease of the loss to second order.
    pub decrement: f64,
    /// The largest and the smallest eigenvalue of H, without the penalty's c.
    pub sharpness: f64,
    pub lowest: f64,
    /// Number of Newton steps.
    pub steps: usize,
}

/// The iteration stops at this decrement relative to the loss. Weights in single precision would allow a
/// hundredth of it.
const TOLERANCE: f64 = 1e-10;
/// Loss relative to c below which all labels are fitted: the default tolerance of training.
const INTERPOLATED: f64 = 1e-6;
/// Maximal number of Newton steps.
const MAX_STEPS: usize = 100;
/// Initial and maximal damping relative to λ_1; steps with more damping are too short to help.
const DAMPING: (f64, f64) = (1e-3, 1e6);

/// Descends from `start` on L + c‖θ‖²/2, c = `penalty`, until the decrement is small, by Levenberg–Marquardt damping of Newton's
/// step with |H| in place of H (Nocedal & Wright §3.4), O(d³) a step.
///
/// # Errors
/// No step lowers the loss although its gradient is not 0, at a kink of the ReLUs or too far from a
/// minimum; a saddle; a loss of 0.
pub fn descend(
    start: &Weights,
    data: &Dataset,
    loss: Loss,
    penalty: f64,
) -> Result<StationaryPoint, StationaryError> {
    let (mut weights, mut damping) = (start.clone(), DAMPING.0);
    for steps in 0..=MAX_STEPS {
        let local = Local::at(&weights, data, loss, penalty)?;
        // One-hot targets have length 1: a network that returns 0 has the loss c.
        if local.loss <= INTERPOLATED * loss.factor() {
            return Err(StationaryError::Interpolates);
        }
        if local.decrement() <= TOLERANCE * local.loss {
            return local.minimum(weights, steps);
        }
        let lower = |damping: f64| {
            let trial = weights.plus(local.step(damping));
            (value(&trial, data, loss, penalty) < local.loss).then_some(trial)
        };
        let Some((found, used)) = first_successful(lower, damping) else {
            return Err(StationaryError::Stuck { gradient: local.norm(), loss: local.loss });
        };
        (weights, damping) = (found, used / 10.0);
    }
    let local = Local::at(&weights, data, loss, penalty)?;
    Err(StationaryError::Stuck { gradient: local.norm(), loss: local.loss })
}

/// The step with the least damping among `least`, 10·`least`, … that lowers the loss.
fn first_successful(lower: impl Fn(f64) -> Option<Weights>, least: f64) -> Option<(Weights, f64)> {
    let dampings = std::iter::successors(Some(least), |damping| Some(damping * 10.0));
    dampings
        .take_while(|&damping| damping <= DAMPING.1)
        .find_map(|damping| Some((lower(damping)?, damping)))
}

/// Loss, gradient and Hessian at one point, all with the penalty, the latter two in the Hessian's eigenbasis.
struct Local {
    loss: f64,
    penalty: f64,
    values: Vec<f64>,
    vectors: Mat<f64>,
    /// Uᵀ∇L.
    gradient: Vec<f64>,
}

impl Local {
    fn at(
        weights: &Weights,
        data: &Dataset,
        loss: Loss,
        penalty: f64,
    ) -> Result<Self, StationaryError> {
        let pass = Pass::new(weights, data, loss, Par::rayon(0));
        let eigen = eigen(&LossHessian::new(&pass).dense())?;
        let slope: Vec<f64> = gradient(&pass)
            .into_iter()
            .zip(weights.parameters())
            .map(|(g, x)| g + penalty * x)
            .collect();
        let along =
            |k: usize| -> f64 { eigen.U().col(k).iter().zip(&slope).map(|(u, g)| u * g).sum() };
        Ok(Self {
            loss: penalised(pass.loss(), weights, penalty),
            penalty,
            values: (0..slope.len()).map(|k| eigen.S()[k] + penalty).collect(),
            gradient: (0..slope.len()).map(along).collect(),
            vectors: eigen.U().to_owned(),
        })
    }

    fn sharpness(&self) -> f64 {
        self.values[self.values.len() - 1]
    }

    fn norm(&self) -> f64 {
        self.gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
    }

    /// ½ ∇Lᵀ|H|⁺∇L over the eigenvalues that do not count as zero.
    fn decrement(&self) -> f64 {
        let floor = CUTOFF * self.sharpness();
        let terms = self.values.iter().zip(&self.gradient);
        terms.filter(|(v, _)| v.abs() > floor).map(|(v, g)| 0.5 * g * g / v.abs()).sum()
    }

    /// −(|H| + `damping`·λ_1)⁻¹∇L.
    fn step(&self, damping: f64) -> Vec<f64> {
        let shift = damping * self.sharpness();
        let mut step = vec![0.0; self.values.len()];
        for (k, (value, slope)) in self.values.iter().zip(&self.gradient).enumerate() {
            let length = -slope / (value.abs() + shift);
            step.iter_mut().zip(self.vectors.col(k).iter()).for_each(|(s, u)| *s += length * u);
        }
        step
    }

    fn minimum(&self, weights: Weights, steps: usize) -> Result<StationaryPoint, StationaryError> {
        let (lowest, sharpness) = (self.values[0], self.sharpness());
        if lowest < -CUTOFF * sharpness {
            return Err(StationaryError::Saddle { lowest, sharpness });
        }
        Ok(StationaryPoint {
            weights,
            loss: self.loss,
            gradient_norm: self.norm(),
            decrement: self.decrement(),
            sharpness: sharpness - self.penalty,
            lowest: lowest - self.penalty,
            steps,
        })
    }
}

fn value(weights: &Weights, data: &Dataset, loss: Loss, penalty: f64) -> f64 {
    let found = Pass::new(weights, data, loss, Par::rayon(0)).loss();
    penalised(found, weights, penalty)
}

fn penalised(loss: f64, weights: &Weights, penalty: f64) -> f64 {
    loss + 0.5 * penalty * weights.parameters().map(|x| x * x).sum::<f64>()
}
