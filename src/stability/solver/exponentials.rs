//! 1/y as a sum of exponentials.

/// 1/y ≈ Σ w_t e^{−τ_t y}; hence 1/(y − γ) ≈ Σ w_t e^{γτ_t} e^{−τ_t y}.
///
/// The trapezoid rule with step h in u = log τ for ∫ e^{−τy} dτ = ∫ e^{u − y e^u} du: its relative error
/// is 2|Γ(1 + 2πi/h)| (Trefethen & Weideman, SIAM Review 56, 2014, §5) for every y.
#[derive(Debug, Clone)]
pub struct Exponentials {
    /// (τ_t, w_t), τ growing.
    pub terms: Vec<(f64, f64)>,
}

impl Exponentials {
    /// Step with relative error 2|Γ(1 + 2πi/h)| = 4e-6.
    const STEP: f64 = 0.65;

    /// With a relative error of at most 5e-6 for `smallest` ≤ y ≤ `largest`.
    ///
    /// The terms with τ ≪ 1/`largest`, a geometric series down to 0, are replaced by the two of the
    /// Gauss rule for their sum, which has its moments Σ w τ^j up to j = 3.
    pub fn new(smallest: f64, largest: f64) -> Self {
        /// τ·`largest` of the first term that stays: the Gauss rule adds 2e-7 to the relative error.
        const TAIL: f64 = 0.5;
        // e^{−16} = 1e-7 of the integrand at the smallest y is left out above.
        let (low, high) = ((TAIL / largest).ln(), (16.0 / smallest).ln());
        let count = ((high - low) / Self::STEP).ceil().max(0.0) as usize + 1;
        let term = |t: usize| {
            let tau = (low + t as f64 * Self::STEP).exp();
            (tau, Self::STEP * tau)
        };
        let tail = gauss_rule(|power| {
            let ratio = (-Self::STEP * f64::from(power + 1)).exp();
            Self::STEP * ratio / (1.0 - ratio)
        });
        let unit = low.exp();
        let tail = tail.map(|(tau, weight)| (tau * unit, weight * unit));
        Self { terms: tail.into_iter().chain((0..count).map(term)).collect() }
    }
}

/// The two nodes and weights that have the moments m_0 … m_3 of a positive measure.
fn gauss_rule(moment: impl Fn(i32) -> f64) -> [(f64, f64); 2] {
    let [m0, m1, m2, m3] = [0, 1, 2, 3].map(moment);
    // The nodes are the roots of x² − sx + p, orthogonal to 1 and x.
    let determinant = m0 * m2 - m1 * m1;
    let sum = (m0 * m3 - m1 * m2) / determinant;
    let product = (m1 * m3 - m2 * m2) / determinant;
    let root = (0.25 * sum * sum - product).sqrt();
    let (low, high) = (0.5 * sum - root, 0.5 * sum + root);
    let weight = (m1 - low * m0) / (high - low);
    [(low, m0 - weight), (high, weight)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reciprocals_up_to_any_largest() {
        for largest in [30.0, 1e3, 1e5, 1e8] {
            let sum = Exponentials::new(3.0, largest);
            for gamma in [0.0, 0.7] {
                for k in 0..=60 {
                    let y = 3.0 * (largest / 3.0).powf(f64::from(k) / 60.0);
                    let terms = sum.terms.iter();
                    let found: f64 =
                        terms.map(|(tau, weight)| weight * (tau * (gamma - y)).exp()).sum();
                    assert!((found * (y - gamma) - 1.0).abs() < 1e-5, "{largest} {gamma} {y}");
                }
            }
        }
    }

    #[test]
    fn the_gauss_rule_has_the_moments_of_its_measure() {
        // dx on [0, 1]: nodes (1 ± 1/√3)/2, weights 1/2.
        let found = gauss_rule(|power| 1.0 / f64::from(power + 1));
        for ((node, weight), sign) in found.into_iter().zip([-1.0, 1.0]) {
            assert!((node - 0.5 * (1.0 + sign / 3.0_f64.sqrt())).abs() < 1e-14);
            assert!((weight - 0.5).abs() < 1e-14);
        }
    }

    #[test]
    fn a_narrow_range_takes_few_terms() {
        assert!(Exponentials::new(13.0, 1e3).terms.len() <= 16);
    }
}
