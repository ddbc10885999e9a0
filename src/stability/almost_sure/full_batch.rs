//! The exponent of gradient descent, in closed form.

use crate::optimizer::Optimizer;

/// μ = log ρ of a full-batch step on the range of H, from the nonzero eigenvalues of H: ρ(I − ηH) for plain SGD
/// (\[C\] eq. for μ(x*)), and that of the 2 × 2 matrices of position and velocity with momentum.
///
/// Negative if and only if η < η*_mean, 2/λ_1 for plain SGD; −∞ if some steps end in the minimum.
///
/// ```
/// # use etastar::optimizer::{HeavyBall, Optimizer};
/// # use etastar::stability::almost_sure::full_batch::full_batch;
/// let (eigenvalues, plain) = ([4.0, 1.0], Optimizer::Sgd);
/// assert!((full_batch(plain, &eigenvalues, 0.4) - 0.6_f64.ln()).abs() < 1e-15);
/// assert!(full_batch(plain, &eigenvalues, 0.51) > 0.0);
/// let momentum = Optimizer::HeavyBall(HeavyBall { momentum: 0.25, weight_decay: 0.0 });
/// // Complex eigenvalues of modulus √m.
/// assert!((full_batch(momentum, &eigenvalues, 0.4) - 0.5_f64.ln()).abs() < 1e-15);
/// assert!(full_batch(momentum, &eigenvalues, 0.63) > 0.0);
/// ```
pub fn full_batch(optimizer: Optimizer, eigenvalues: &[f64], step_size: f64) -> f64 {
    let step = optimizer.rule().linear_step(step_size);
    let factors = eigenvalues.iter().map(|value| step.spectral_radius(*value));
    factors.fold(0.0, f64::max).ln()
}
