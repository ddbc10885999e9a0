//! One pass of all samples through the perceptron in double precision, and backpropagation.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::super::activation::ActivationFunction;
use super::super::weights::Weights;

/// Parameters and activations of all n samples.
#[derive(Debug)]
pub struct MlpPass {
    /// W_l, outputs × inputs.
    pub(super) weights: Vec<Mat<f64>>,
    /// z_1, …, z_{L−1} of the hidden layers, each n × width.
    pub(super) preactivations: Vec<Mat<f64>>,
    /// a_0 = x, …, a_{L−1}, each n × width.
    pub(super) activations: Vec<Mat<f64>>,
    /// f(x_i), n × q.
    pub(super) outputs: Mat<f64>,
    pub(super) activation: &'static dyn ActivationFunction,
    pub(super) par: Par,
}

impl MlpPass {
    /// Runs `samples` inputs, row by row, through the network.
    pub fn new(weights: &Weights, inputs: &[f32], samples: usize, par: Par) -> Self {
        Self::with_activation(weights, weights.activation.function(), inputs, samples, par)
    }

    pub(super) fn with_activation(
        weights: &Weights,
        activation: &'static dyn ActivationFunction,
        inputs: &[f32],
        samples: usize,
        par: Par,
    ) -> Self {
        let row_major = |values: &[f32], rows: usize| {
            let columns = values.len() / rows.max(1);
            Mat::from_fn(rows, columns, |i, j| f64::from(values[i * columns + j]))
        };
        let matrices: Vec<Mat<f64>> =
            weights.layers.iter().map(|layer| row_major(&layer.weight, layer.outputs)).collect();
        let (mut preactivations, mut activations) = (Vec::new(), vec![row_major(inputs, samples)]);
        let mut outputs = Mat::new();
        for (depth, (matrix, layer)) in matrices.iter().zip(&weights.layers).enumerate() {
            let bias = |_: usize, unit: usize| f64::from(layer.bias[unit]);
            let mut z = Mat::from_fn(samples, layer.outputs, bias);
            multiply(&mut z, activations[depth].as_ref(), matrix.transpose(), par);
            if depth + 1 == matrices.len() {
                outputs = z;
            } else {
                let value = |i, j| activation.value(z[(i, j)]);
                activations.push(Mat::from_fn(z.nrows(), z.ncols(), value));
                preactivations.push(z);
            }
        }
        Self { weights: matrices, preactivations, activations, outputs, activation, par }
    }

    pub(super) fn samples(&self) -> usize {
        self.outputs.nrows()
    }

    /// From ∂/∂z of layer `depth` to ∂/∂z of the layer before it.
    pub(super) fn through(
        &self,
        depth: usize,
        delta: &Mat<f64>,
        rows_per_sample: usize,
    ) -> Mat<f64> {
        let mut before = Mat::<f64>::zeros(delta.nrows(), self.weights[depth].ncols());
        multiply(&mut before, delta.as_ref(), self.weights[depth].as_ref(), self.par);
        self.multiply_by_derivative(&mut before, depth, rows_per_sample);
        before
    }

    /// Multiplies by σ'(z_depth) elementwise; row i of `rows` belongs to sample i / `rows_per_sample`.
    pub(super) fn multiply_by_derivative(
        &self,
        rows: &mut Mat<f64>,
        depth: usize,
        rows_per_sample: usize,
    ) {
        let z = &self.preactivations[depth - 1];
        for unit in 0..rows.ncols() {
            for sample in 0..z.nrows() {
                let derivative = self.activation.derivative(z[(sample, unit)]);
                for row in sample * rows_per_sample..(sample + 1) * rows_per_sample {
                    // A product with 0 could be −0 or NaN.
                    let product = derivative * rows[(row, unit)];
                    rows[(row, unit)] = if derivative == 0.0 { 0.0 } else { product };
                }
            }
        }
    }

    /// ∂/∂z of every layer, first layer first, from that of the outputs.
    pub(super) fn deltas(&self, outputs: Mat<f64>, rows_per_sample: usize) -> Vec<Mat<f64>> {
        let mut deltas = vec![outputs];
        for depth in (1..self.weights.len()).rev() {
            let next = self.through(depth, &deltas[deltas.len() - 1], rows_per_sample);
            deltas.push(next);
        }
        deltas.reverse();
        deltas
    }

    /// Σ_i δ^i (a^i, 1)ᵀ as a flat layer.
    pub(super) fn outer(&self, delta: &Mat<f64>, activations: &Mat<f64>) -> Vec<f64> {
        // Transposed, so that a column-major matrix is the row-major weight.
        let mut weight = Mat::<f64>::zeros(activations.ncols(), delta.ncols());
        let transposed = activations.transpose();
        matmul(weight.as_mut(), Accum::Replace, transposed, delta.as_ref(), 1.0, self.par);
        let bias = delta.col_iter().map(|column| column.sum());
        let rows = weight.col_iter().flat_map(|column| column.iter().copied().collect::<Vec<_>>());
        rows.chain(bias).collect()
    }
}

/// z += a·b.
pub(super) fn multiply(z: &mut Mat<f64>, a: MatRef<'_, f64>, b: MatRef<'_, f64>, par: Par) {
    matmul(z.as_mut(), Accum::Add, a, b, 1.0, par);
}
