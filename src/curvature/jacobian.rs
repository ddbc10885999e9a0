//! The Gram matrix of a network with its loss, and products with Aᵀ.

use faer::Mat;

use super::pass::Pass;
use crate::gram::{Gram, GramError};

/// G = A Aᵀ with A_i = √κ T_i J_i; for the squared error it is 2c J Jᵀ.
///
/// # Errors
/// Activations so large that entries are not finite.
pub fn gram(pass: &Pass) -> Result<Gram, GramError> {
    let roots = pass.loss.function().roots(pass.network.outputs());
    let matrix = pass.network.gram(roots, pass.loss.derivative_factor());
    Gram::new(matrix, pass.rows_per_sample())
}

/// Aᵀu, u with one number for each row of A: the vector Σ √κ J_iᵀT_iᵀu_i of parameters, layer by layer
/// the weights row by row, then the biases.
pub fn pull_back(pass: &Pass, u: &[f64]) -> Vec<f64> {
    let rows = pass.rows_per_sample();
    let scale = pass.loss.derivative_factor().sqrt();
    let u = Mat::from_fn(pass.samples(), rows, |i, k| scale * u[i * rows + k]);
    let outputs = pass.network.outputs();
    pass.network.pull_back(pass.loss.function().apply_transposed_roots(outputs, u))
}

/// ∇L, in the order of [`pull_back`].
pub fn gradient(pass: &Pass) -> Vec<f64> {
    let scale = pass.loss.derivative_factor().sqrt();
    // Two square roots instead of κ: the rounding that earlier results were computed with.
    let delta = faer::Scale(scale / pass.samples() as f64) * pass.residuals();
    pass.network.pull_back(faer::Scale(scale) * delta)
}

/// (1/n) Σ ‖g_i‖² of the samples' own gradients.
pub fn mean_squared_gradient(pass: &Pass) -> f64 {
    let delta = faer::Scale(pass.loss.derivative_factor()) * pass.residuals();
    pass.network.squared_norms(delta) / pass.samples() as f64
}
