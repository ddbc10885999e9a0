//! The Gram matrix of the perceptron, layer by layer, without the n·r × d matrix A.

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat};

use super::pass::MlpPass;

/// κ (T J)(T J)ᵀ for any depth.
///
/// Row k of T_i J_i with respect to (W_l, b_l) is the outer product of δ_l^{ik} = Σ_m T_km ∂f_m/∂z_l
/// and (a_{l−1}, 1), so its part of the matrix is κ (δ_l^{ik} · δ_l^{jm}) (a_{l−1}^i · a_{l−1}^j + 1).
pub fn gram(pass: &MlpPass, roots: Mat<f64>, kappa: f64) -> Mat<f64> {
    let (side, samples) = (roots.nrows(), pass.samples());
    let rows_per_sample = side / samples.max(1);
    let mut total = Mat::<f64>::zeros(side, side);
    let mut product = Mat::<f64>::zeros(side, side);
    let deltas = pass.deltas(roots, rows_per_sample);
    for (delta, activations) in deltas.iter().zip(&pass.activations) {
        self_product(&mut product, delta, pass);
        let mut inputs = Mat::<f64>::zeros(samples, samples);
        self_product(&mut inputs, activations, pass);
        add_layer(&mut total, &product, &inputs, rows_per_sample, kappa);
    }
    mirror(&mut total);
    total
}

/// The lower triangle of M Mᵀ.
fn self_product(into: &mut Mat<f64>, m: &Mat<f64>, pass: &MlpPass) {
    triangular::matmul(
        into.as_mut(),
        BlockStructure::TriangularLower,
        Accum::Replace,
        m.as_ref(),
        BlockStructure::Rectangular,
        m.transpose(),
        BlockStructure::Rectangular,
        1.0,
        pass.par,
    );
}

/// Adds a layer's part to the lower triangle.
fn add_layer(
    total: &mut Mat<f64>,
    product: &Mat<f64>,
    inputs: &Mat<f64>,
    rows_per_sample: usize,
    kappa: f64,
) {
    for column in 0..total.ncols() {
        for row in column..total.nrows() {
            let similarity = inputs[(row / rows_per_sample, column / rows_per_sample)] + 1.0;
            total[(row, column)] += kappa * product[(row, column)] * similarity;
        }
    }
}

/// Copies the lower triangle to the upper one.
fn mirror(matrix: &mut Mat<f64>) {
    for column in 0..matrix.ncols() {
        for row in column + 1..matrix.nrows() {
            matrix[(column, row)] = matrix[(row, column)];
        }
    }
}
