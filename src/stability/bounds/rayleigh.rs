//! \[M\] (17) and (18): Rayleigh quotients that need no more than the top eigenpair of G.

use crate::gram::Gram;
use crate::linalg::{Stop, largest_eigenpairs, product, quasirandom};
use crate::process::Coefficients;

/// λ_1 = λ_max(H) and the unit eigenvector u of K = G/n that belongs to it.
///
/// The eigenvector of H is v = Aᵀu/√(nλ_1), so that vᵀH_iv = ‖A_iv‖² = nλ_1‖u_i‖².
#[derive(Debug, Clone)]
pub struct TopEigenpair {
    /// λ_1.
    pub sharpness: f64,
    /// u, n·q numbers.
    pub vector: Vec<f64>,
}

impl TopEigenpair {
    /// By Lanczos on G: tens of matrix–vector products, no eigendecomposition.
    pub fn of(gram: &Gram) -> Self {
        let stop = Stop { tolerance: 1e-9, products: 300 };
        let pair = largest_eigenpairs(quasirandom(gram.side(), 1), stop, |x| {
            product(gram.matrix(), x.as_ref())
        })
        .swap_remove(0);
        Self { sharpness: pair.value / gram.samples() as f64, vector: pair.vector }
    }

    /// \[M\] (17): αλ_1 + β/(nλ_1) Σ (vᵀH_iv)², which for α = 1 − β is
    /// λ_1 + β/(nλ_1) Σ (vᵀH_iv − λ_1)². Units of λ_1.
    pub fn bound_17(&self, samples: usize, coefficients: Coefficients) -> f64 {
        self.sharpness * relative_bound_17(&self.vector, samples, coefficients)
    }
}

/// \[M\] (17) over λ_1, from the unit eigenvector `vector` of K: α + βn Σ‖u_i‖⁴.
pub fn relative_bound_17(vector: &[f64], samples: usize, coefficients: Coefficients) -> f64 {
    let outputs = vector.len() / samples;
    let squares = |u: &[f64]| u.iter().map(|x| x * x).sum::<f64>();
    let fourth: f64 = vector.chunks(outputs).map(|u| squares(u).powi(2)).sum();
    let Coefficients { alpha, beta } = coefficients;
    alpha + beta * samples as f64 * fourth
}

/// \[M\] (18): (α‖H‖_F² + (β/n) Σ‖H_i‖_F²)/Tr H, the Rayleigh quotient of X = I on range(H).
pub fn bound_18(gram: &Gram, coefficients: Coefficients) -> f64 {
    let n = gram.samples() as f64;
    let whole = gram.matrix().squared_norm_l2() / (n * n);
    let blocks: f64 = (0..gram.samples()).map(|i| gram.block(i, i).squared_norm_l2()).sum();
    let trace: f64 = (0..gram.side()).map(|k| gram.matrix()[(k, k)]).sum();
    (coefficients.alpha * whole + coefficients.beta * blocks / n) / (trace / n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;

    /// Two samples in the plane, one output: H_1 = 4 e_1e_1ᵀ, H_2 = e_2e_2ᵀ.
    fn diagonal() -> Gram {
        Gram::new(Mat::from_fn(2, 2, |i, j| if i == j { [4.0, 1.0][i] } else { 0.0 }), 1).unwrap()
    }

    #[test]
    fn closed_forms_on_two_orthogonal_samples() {
        let (gram, half) = (diagonal(), Coefficients { alpha: 0.5, beta: 0.5 });
        let top = TopEigenpair::of(&gram);
        assert!((top.sharpness - 2.0).abs() < 1e-12);
        // v = e_1: mean (vᵀH_iv)² = 8, so 0.5·2 + 0.5·8/2.
        assert!((top.bound_17(2, half) - 3.0).abs() < 1e-12);
        // ‖H‖² = 4.25, mean ‖H_i‖² = 8.5, Tr H = 2.5.
        assert!((bound_18(&gram, half) - 0.5 * (4.25 + 8.5) / 2.5).abs() < 1e-12);
    }
}
