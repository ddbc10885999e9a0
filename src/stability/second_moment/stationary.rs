//! The stationary distribution of SGD around a regular minimum with g_i ≠ 0: \[M\] Thm 12 and Cor 13.
//!
//! For any optimizer the noise of all earlier steps adds up to
//! Σ_∞,ab = η²g_ab (N(Σ_∞) + βΣ_g)_ab, N(X) = D(X) − HXH, with g_ab of
//! [`UpdateRule::inverse_gramian`](crate::optimizer::UpdateRule::inverse_gramian). With weight decay the minimum is
//! that of L plus its [penalty](crate::optimizer::UpdateRule::penalty), and the g_i are gradients of ℓ_i plus the
//! penalty; without any curvature the penalty still holds θ back.

use faer::{Mat, MatRef};

use super::operator::SecondMoment;
use crate::process::Coefficients;

/// The stationary distribution's second moments.
#[derive(Debug, Clone)]
pub struct Stationary {
    /// Σ_∞ of the position in the eigenbasis of H, on its range: rank × rank.
    pub covariance: Mat<f64>,
    /// E‖θ − θ*‖² on the range of H: Tr Σ_∞ (\[M\] Cor 13).
    pub distance: f64,
    /// E L − L*, both with the penalty c‖θ‖²/2: ½ Tr((H + cI)Σ_∞).
    pub loss_gap: f64,
    /// E‖∇L‖², L with the penalty: Tr((H + cI)²Σ_∞).
    pub gradient_squared: f64,
    /// E‖θ_t − θ_0‖² gained per step in the null space of H, where θ is a driftless random walk:
    /// η²β/n Σ‖g_i‖² over the components there, divided by (1 − m)² with momentum. With weight decay keep all
    /// directions in the moments, and it is 0.
    pub null_growth: f64,
}

/// Why a stationary distribution cannot be found.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StationaryError {
    /// The system is not positive definite; 2C − ηD for plain SGD.
    #[error("at the step size {0} SGD is not stable in mean square: no stationary covariance")]
    Unstable(f64),
    /// The iteration did not converge.
    #[error("the stationary covariance did not converge: {step_size} is too near the threshold")]
    NoConvergence { step_size: f64 },
    /// Gradients whose shape does not fit the Hessians.
    #[error("{found:?} gradients for {expected:?} (samples, parameters)")]
    Shape { found: (usize, usize), expected: (usize, usize) },
}

/// Relative residual of the linear system.
const TOLERANCE: f64 = 1e-12;
/// Iterations at most; about 1/√(1 − η/η*_var) are needed.
const ITERATIONS: usize = 2000;

/// Solves Σ_ab/(ηg_ab) − ηN(Σ)_ab = ηβ Σ_g,ab on the range of H; for plain SGD (2C − ηD) vec Σ = ηβ vec Σ_g
/// (\[M\] Thm 12).
///
/// `gradients` is n × dimension and sums to 0 over the samples. Conjugate gradients,
/// preconditioned with the diagonal part, 2C for plain SGD; O(nq·rank²) per iteration.
///
/// # Errors
/// [`StationaryError`]; a step size at or above η*_var shows as negative curvature.
pub fn stationary(
    moments: &SecondMoment,
    gradients: MatRef<'_, f64>,
    coefficients: Coefficients,
    step_size: f64,
) -> Result<Stationary, StationaryError> {
    let expected = (moments.samples(), moments.basis().nrows());
    if gradients.shape() != expected {
        return Err(StationaryError::Shape { found: gradients.shape(), expected });
    }
    let samples = moments.samples() as f64;
    let within = gradients * moments.basis();
    let noise = within.transpose() * &within * faer::Scale(1.0 / samples);
    let scale = step_size * coefficients.beta;
    let rule = moments.optimizer().rule();
    let displacement = rule.linear_step(1.0).displacement();
    let covariance = solve(moments, &noise * faer::Scale(scale), coefficients, step_size)?;
    let values: Vec<f64> =
        moments.eigenvalues().iter().map(|value| value + rule.penalty()).collect();
    let sum = |weight: &dyn Fn(f64) -> f64| {
        (0..values.len()).map(|k| weight(values[k]) * covariance[(k, k)]).sum::<f64>()
    };
    let outside = gradients.squared_norm_l2() - within.squared_norm_l2();
    Ok(Stationary {
        distance: sum(&|_| 1.0),
        loss_gap: sum(&|value| value / 2.0),
        gradient_squared: sum(&|value| value * value),
        null_growth: displacement * displacement * step_size * scale * outside.max(0.0) / samples,
        covariance,
    })
}

fn solve(
    moments: &SecondMoment,
    right: Mat<f64>,
    coefficients: Coefficients,
    step_size: f64,
) -> Result<Mat<f64>, StationaryError> {
    let (values, rank) = (moments.eigenvalues(), moments.eigenvalues().len());
    let rule = moments.optimizer().rule();
    // 1/(ηg_ab) + ηλ_aλ_b, λ_a + λ_b for plain SGD: N is D less HXH.
    let weight = |a: f64, b: f64| match rule.pencil(a, b) {
        Some(term) => 2.0 * term.slope + step_size * (term.constant + a * b),
        None => step_size * (rule.inverse_gramian(2.0 / step_size, a, b).value() + a * b),
    };
    let weights = Mat::from_fn(rank, rank, |a, b| weight(values[a], values[b]));
    // Beyond η*_mean some direction alone is unstable.
    let mean_stable = |k: usize| weights[(k, k)] > step_size * values[k] * values[k];
    if !(0..rank).all(mean_stable) {
        return Err(StationaryError::Unstable(step_size));
    }
    let precondition = |x: &Mat<f64>| Mat::from_fn(rank, rank, |a, b| x[(a, b)] / weights[(a, b)]);
    let apply = |x: &Mat<f64>| {
        let noise = moments.noise(x, coefficients);
        Mat::from_fn(rank, rank, |a, b| weights[(a, b)] * x[(a, b)] - step_size * noise[(a, b)])
    };
    let mut solution = Mat::zeros(rank, rank);
    let mut residual = right;
    let mut direction = precondition(&residual);
    let mut size = inner(&residual, &direction);
    let goal = size * TOLERANCE * TOLERANCE;
    for _ in 0..ITERATIONS {
        if size <= goal {
            return Ok(solution);
        }
        let image = apply(&direction);
        let curvature = inner(&direction, &image);
        if curvature <= 0.0 {
            return Err(StationaryError::Unstable(step_size));
        }
        let length = faer::Scale(size / curvature);
        solution += length * &direction;
        residual -= length * image;
        let preconditioned = precondition(&residual);
        let next = inner(&residual, &preconditioned);
        direction = preconditioned + faer::Scale(next / size) * direction;
        size = next;
    }
    Err(StationaryError::NoConvergence { step_size })
}

fn inner(x: &Mat<f64>, y: &Mat<f64>) -> f64 {
    let columns = x.col_iter().zip(y.col_iter());
    columns.map(|(a, b)| a.iter().zip(b.iter()).map(|(a, b)| a * b).sum::<f64>()).sum()
}
