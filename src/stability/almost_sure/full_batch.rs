//! The exponent of gradient descent, in closed form.

/// μ = log ρ(I − ηH) on the range of H, from the nonzero eigenvalues of H (\[C\] eq. for μ(x*)).
///
/// Negative if and only if η < 2/λ_1; −∞ if one step ends in the minimum.
///
/// ```
/// # use etastar::stability::almost_sure::full_batch::full_batch;
/// let eigenvalues = [4.0, 1.0];
/// assert!((full_batch(&eigenvalues, 0.4) - 0.6_f64.ln()).abs() < 1e-15);
/// assert!(full_batch(&eigenvalues, 0.51) > 0.0);
/// ```
pub fn full_batch(eigenvalues: &[f64], step_size: f64) -> f64 {
    let factors = eigenvalues.iter().map(|value| (1.0 - step_size * value).abs());
    factors.fold(0.0, f64::max).ln()
}
