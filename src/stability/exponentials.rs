//! 1/y as a sum of exponentials.

/// 1/y ≈ c + Σ w_t e^{−τ_t y}; hence 1/(y − γ) ≈ c + Σ w_t e^{γτ_t} e^{−τ_t y}.
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
    /// Step with relative error 2|Γ(1 + 2πi/h)| = 4e-6.
    const STEP: f64 = 0.65;

    /// Exact to 5e-6 relative for `smallest` ≤ y ≪ 1/`resolution`, to about `resolution` absolute
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reciprocals_over_seven_decades() {
        let sum = Exponentials::new(3.0, 1e-9);
        for gamma in [0.0, 0.7] {
            for k in 0..60 {
                let y = 3.0 * 10.0_f64.powf(f64::from(k) / 10.0);
                let terms =
                    sum.terms.iter().map(|(tau, weight)| weight * (tau * (gamma - y)).exp());
                let found = sum.constant + terms.sum::<f64>();
                assert!((found * (y - gamma) - 1.0).abs() < 1e-5, "{gamma} {y}");
            }
        }
    }
}
