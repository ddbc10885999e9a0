//! 1/y and 1/y² as sums of exponentials.

/// 1/y ≈ c + Σ w_t e^{−τ_t y} and 1/y² ≈ Σ w_t τ_t e^{−τ_t y}.
///
/// The trapezoid rule with step h in u = log τ for ∫ e^{−τy} dτ = ∫ e^{u − y e^u} du: its relative error
/// is 2|Γ(1 + 2πi/h)| (Trefethen & Weideman, SIAM Review 56, 2014, §5), whatever y is.
#[derive(Debug, Clone)]
pub struct Exponentials {
    /// c: the terms with τ below the range, where e^{−τy} ≈ 1.
    pub constant: f64,
    /// (τ_t, w_t), τ growing.
    pub terms: Vec<(f64, f64)>,
}

impl Exponentials {
    /// Step with relative error 2|Γ(1 + 2πi/h)| = 1.2e-6.
    const STEP: f64 = 0.6;

    /// Exact to 2e-6 relative for `smallest` ≤ y ≪ 1/`resolution`, to about `resolution` absolute
    /// beyond.
    pub fn new(smallest: f64, resolution: f64) -> Self {
        // e^{−16} = 1e-7 of the integrand at the smallest y is left out above.
        let (low, high) = (resolution.ln(), (16.0 / smallest).ln());
        let count = ((high - low) / Self::STEP).ceil() as usize + 1;
        let term = |t: usize| {
            let tau = (low + t as f64 * Self::STEP).exp();
            (tau, Self::STEP * tau)
        };
        // Σ_{k≥1} h·e^{low − kh}, the geometric sum of the weights below.
        let constant = Self::STEP * resolution / (Self::STEP.exp() - 1.0);
        Self { constant, terms: (0..count).map(term).collect() }
    }

    /// The approximation of 1/y.
    pub fn reciprocal(&self, y: f64) -> f64 {
        self.constant
            + self.terms.iter().map(|(tau, weight)| weight * (-tau * y).exp()).sum::<f64>()
    }

    /// The approximation of 1/y².
    pub fn reciprocal_square(&self, y: f64) -> f64 {
        self.terms.iter().map(|(tau, weight)| weight * tau * (-tau * y).exp()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reciprocals_over_seven_decades() {
        let sum = Exponentials::new(3.0, 1e-9);
        for k in 0..60 {
            let y = 3.0 * 10.0_f64.powf(f64::from(k) / 10.0);
            assert!((sum.reciprocal(y) * y - 1.0).abs() < 1e-5, "{y}");
            assert!((sum.reciprocal_square(y) * y * y - 1.0).abs() < 5e-5, "{y}");
        }
    }
}
