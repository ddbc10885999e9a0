//! The Gram matrix of a network, layer by layer, without the n·q × d Jacobian.

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat};

use super::gram::{Gram, GramError};
use super::pass::{Pass, mask, multiply};

/// G = A Aᵀ = 2c J Jᵀ for any depth.
///
/// The Jacobian of output k of sample i with respect to (W_l, b_l) is the outer product of
/// δ_l^{ik} = ∂f_k/∂z_l and (a_{l−1}, 1), so its part of G is
/// 2c (δ_l^{ik} · δ_l^{jm}) (a_{l−1}^i · a_{l−1}^j + 1).
///
/// # Errors
/// Activations so large that entries are not finite.
pub fn gram(pass: &Pass) -> Result<Gram, GramError> {
    let side = pass.samples() * pass.outputs();
    let mut total = Mat::<f64>::zeros(side, side);
    let mut product = Mat::<f64>::zeros(side, side);
    let deltas = deltas(pass);
    for (delta, activations) in deltas.iter().zip(&pass.activations) {
        self_product(&mut product, delta, pass);
        let mut inputs = Mat::<f64>::zeros(pass.samples(), pass.samples());
        self_product(&mut inputs, activations, pass);
        add_layer(&mut total, &product, &inputs, pass);
    }
    mirror(&mut total);
    Gram::new(total, pass.outputs())
}

/// Aᵀu for u ∈ R^{nq}: the parameter-space vector Σ √(2c) u_ik ∇f_k(x_i), layer by layer the
/// weights row by row, then the biases.
pub fn pull_back(pass: &Pass, u: &[f64]) -> Vec<f64> {
    let q = pass.outputs();
    let scale = (2.0 * pass.factor).sqrt();
    let mut delta = Mat::from_fn(pass.samples(), q, |i, k| scale * u[i * q + k]);
    let mut layers = Vec::with_capacity(pass.weights.len());
    for depth in (0..pass.weights.len()).rev() {
        layers.push(outer(&delta, &pass.activations[depth], pass));
        if depth > 0 {
            delta = through(pass, depth, &delta, 1);
        }
    }
    layers.into_iter().rev().flatten().collect()
}

/// ∇L, in the order of [`pull_back`].
pub fn gradient(pass: &Pass) -> Vec<f64> {
    let (q, samples) = (pass.outputs(), pass.samples());
    let scale = (2.0 * pass.factor).sqrt() / samples as f64;
    let residuals: Vec<f64> =
        (0..samples * q).map(|row| scale * pass.residuals[(row / q, row % q)]).collect();
    pull_back(pass, &residuals)
}

/// (1/n) Σ ‖g_i‖² of the samples' own gradients, layer by layer ‖δ_l^i‖² (‖a_{l−1}^i‖² + 1).
pub fn mean_squared_gradient(pass: &Pass) -> f64 {
    let mut delta = faer::Scale(2.0 * pass.factor) * &pass.residuals;
    let mut total = 0.0;
    for depth in (0..pass.weights.len()).rev() {
        let inputs = &pass.activations[depth];
        let square = |matrix: &Mat<f64>, i: usize| matrix.row(i).squared_norm_l2();
        total +=
            (0..pass.samples()).map(|i| square(&delta, i) * (square(inputs, i) + 1.0)).sum::<f64>();
        if depth > 0 {
            delta = through(pass, depth, &delta, 1);
        }
    }
    total / pass.samples() as f64
}

/// Σ_i δ^i (a^i, 1)ᵀ as a flat layer.
fn outer(delta: &Mat<f64>, activations: &Mat<f64>, pass: &Pass) -> Vec<f64> {
    // Transposed, so that a column-major matrix is the row-major weight.
    let mut weight = Mat::<f64>::zeros(activations.ncols(), delta.ncols());
    matmul(weight.as_mut(), Accum::Replace, activations.transpose(), delta.as_ref(), 1.0, pass.par);
    let bias = delta.col_iter().map(|column| column.sum());
    let rows = weight.col_iter().flat_map(|column| column.iter().copied().collect::<Vec<_>>());
    rows.chain(bias).collect()
}

/// δ_l for every sample and output, first layer first; row i·q + k.
fn deltas(pass: &Pass) -> Vec<Mat<f64>> {
    let q = pass.outputs();
    let identity = |row: usize, k: usize| f64::from(u8::from(row % q == k));
    let mut deltas = vec![Mat::from_fn(pass.samples() * q, q, identity)];
    for depth in (1..pass.weights.len()).rev() {
        let next = through(pass, depth, &deltas[deltas.len() - 1], q);
        deltas.push(next);
    }
    deltas.reverse();
    deltas
}

/// From ∂/∂z of layer `depth` to ∂/∂z of the layer before it.
pub(super) fn through(
    pass: &Pass,
    depth: usize,
    delta: &Mat<f64>,
    rows_per_sample: usize,
) -> Mat<f64> {
    let mut before = Mat::<f64>::zeros(delta.nrows(), pass.weights[depth].ncols());
    multiply(&mut before, delta.as_ref(), pass.weights[depth].as_ref(), pass.par);
    mask(&mut before, &pass.activations[depth], rows_per_sample);
    before
}

/// The lower triangle of M Mᵀ.
fn self_product(into: &mut Mat<f64>, m: &Mat<f64>, pass: &Pass) {
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

fn add_layer(total: &mut Mat<f64>, product: &Mat<f64>, inputs: &Mat<f64>, pass: &Pass) {
    let (q, scale) = (pass.outputs(), 2.0 * pass.factor);
    for column in 0..total.ncols() {
        for row in column..total.nrows() {
            let similarity = inputs[(row / q, column / q)] + 1.0;
            total[(row, column)] += scale * product[(row, column)] * similarity;
        }
    }
}

fn mirror(matrix: &mut Mat<f64>) {
    for column in 0..matrix.ncols() {
        for row in column + 1..matrix.nrows() {
            matrix[(column, row)] = matrix[(row, column)];
        }
    }
}
