//! The mean-square threshold from the second moment of the position alone.
//!
//! The noise of all earlier steps adds up to X_ab = η²g_ab(D(X) − HXH)_ab at the threshold, with g_ab of
//! [`UpdateRule::inverse_gramian`](crate::optimizer::UpdateRule::inverse_gramian), for any optimizer and any H_i,
//! indefinite ones included.

use faer::Mat;

use super::operator::SecondMoment;
use crate::linalg::{Stop, largest_eigenpairs};
use crate::process::Coefficients;

/// Relative distance of the two step sizes between which a crossing is known.
const TOLERANCE: f64 = 1e-9;
/// The smallest step size tried, in units of η*_mean.
const LEAST: f64 = 1e-9;

impl SecondMoment {
    /// The generalized sharpness s, with η*_var = 2/s: for plain SGD λ_max(C†D) (\[M\] Thm 5), with momentum the
    /// eigenvalue of its pencil, or the s at which a power of the noise neither grows nor decays.
    pub fn generalized_sharpness(&self, coefficients: Coefficients) -> f64 {
        let rule = self.optimizer().rule();
        if self.eigenvalues().iter().any(|value| rule.pencil(*value, *value).is_none()) {
            return self.crossing(coefficients);
        }
        // The largest μ with (μ slope + constant)∘X = D(X) − HXH, as a symmetric problem in √slope∘X.
        let term = |a: f64, b: f64| {
            let found = rule.pencil(a, b);
            found.map_or((f64::NAN, f64::NAN), |term| (term.slope, term.constant))
        };
        self.top_of_scaled(
            |a, b| (1.0 / term(a, b).0).sqrt(),
            |a, b| term(a, b).1 + a * b,
            coefficients,
            1e-6,
        )
    }

    /// 2/η where X ↦ κ∘(β/n)ΣH_iXH_i has the radius 1, by bisection below η*_mean.
    fn crossing(&self, coefficients: Coefficients) -> f64 {
        let (values, rule) = (self.eigenvalues(), self.optimizer().rule());
        let top = rule.eta_mean(values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        let grows = |step_size: f64| {
            let root = |a: f64, b: f64| {
                let rest = rule.inverse_gramian(2.0 / step_size, a, b).value();
                (1.0 / (rest + (1.0 - coefficients.alpha) * a * b)).sqrt()
            };
            let below = |a: f64, b: f64| coefficients.alpha * a * b;
            let radius = self.top_of_scaled(root, below, coefficients, 1e-12);
            // NaN: no step size of the kernel's.
            radius.is_nan() || radius > 1.0
        };
        if coefficients.beta == 0.0 || !grows(top * (1.0 - TOLERANCE)) {
            return 2.0 / top;
        }
        let (mut low, mut high) = (LEAST * top, top);
        while high / low > 1.0 + TOLERANCE {
            let middle = (low * high).sqrt();
            (low, high) = if grows(middle) { (low, middle) } else { (middle, high) };
        }
        2.0 / (low * high).sqrt()
    }

    /// The largest eigenvalue of Y ↦ root∘(D(root∘Y) − less∘root∘Y).
    ///
    /// For the pencil of plain SGD and for κ it maps the cone X ⪰ 0 into itself, up to the scaling.
    fn top_of_scaled(
        &self,
        root: impl Fn(f64, f64) -> f64,
        less: impl Fn(f64, f64) -> f64,
        coefficients: Coefficients,
        tolerance: f64,
    ) -> f64 {
        let (values, rank) = (self.eigenvalues(), self.eigenvalues().len());
        let at = |k: usize| (values[k % rank], values[k / rank]);
        let roots: Vec<f64> = (0..rank * rank).map(|k| root(at(k).0, at(k).1)).collect();
        // That of the identity.
        let start =
            Mat::from_fn(
                rank * rank,
                1,
                |k, _| {
                    if k % (rank + 1) == 0 { 1.0 / roots[k] } else { 0.0 }
                },
            );
        let top = largest_eigenpairs(start, Stop { tolerance, products: 300 }, |vector| {
            let x =
                Mat::from_fn(rank, rank, |a, b| roots[a + b * rank] * vector[(a + b * rank, 0)]);
            let image = self.noise(&x, coefficients);
            Mat::from_fn(rank * rank, 1, |k, _| {
                let entry = (k % rank, k / rank);
                roots[k] * (image[entry] - less(at(k).0, at(k).1) * x[entry])
            })
        });
        top[0].value
    }
}
