//! Lower bounds on the generalized sharpness that need no eigendecomposition.

use super::sampling::Coefficients;
use crate::curvature::Gram;

/// What the bounds (17) and (18) need: the curvature of every sample along the top eigenvector of H,
/// and a few traces and norms.
#[derive(Debug, Clone)]
pub struct TopCurvature {
    sharpness: f64,
    trace: f64,
    /// (1/n) Σ (vᵀH_i v)².
    mean_square: f64,
    /// ‖H‖_F².
    frobenius: f64,
    /// (1/n) Σ ‖H_i‖_F².
    sample_frobenius: f64,
}

impl TopCurvature {
    /// From G and the top eigenpair λ_1, u of K = G/n (u of unit length).
    ///
    /// The unit eigenvector of H is v = Aᵀu/√(nλ_1), so that vᵀH_i v = ‖A_i v‖² = nλ_1 ‖u_i‖².
    pub fn new(gram: &Gram, sharpness: f64, top: &[f64]) -> Self {
        let (n, q) = (gram.samples() as f64, gram.outputs());
        let along = top
            .chunks(q)
            .map(|block| n * sharpness * block.iter().map(|x| x * x).sum::<f64>());
        let own = (0..gram.samples()).map(|i| gram.block(i, i).squared_norm_l2());
        Self {
            sharpness,
            trace: (0..gram.side()).map(|k| gram.matrix()[(k, k)]).sum::<f64>() / n,
            mean_square: along.map(|curvature| curvature * curvature).sum::<f64>() / n,
            frobenius: gram.matrix().squared_norm_l2() / (n * n),
            sample_frobenius: own.sum::<f64>() / n,
        }
    }

    /// Tr H.
    pub fn trace(&self) -> f64 {
        self.trace
    }

    /// [M] (17): (α λ_1² + β mean (vᵀH_i v)²)/λ_1, the Rayleigh quotient of vvᵀ.
    pub fn bound_17(&self, c: Coefficients) -> f64 {
        c.alpha * self.sharpness + c.beta * self.mean_square / self.sharpness
    }

    /// [M] (18): (α ‖H‖_F² + β mean ‖H_i‖_F²)/Tr H, the Rayleigh quotient of the identity.
    pub fn bound_18(&self, c: Coefficients) -> f64 {
        (c.alpha * self.frobenius + c.beta * self.sample_frobenius) / self.trace
    }
}
