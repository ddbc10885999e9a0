//! One pass of all samples through the network in double precision, kept for the derivatives.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use crate::data::Dataset;
use crate::net::Weights;

/// Parameters, activations and residuals of all n samples.
#[derive(Debug)]
pub struct Pass {
    /// W_l, outputs × inputs.
    pub(super) weights: Vec<Mat<f64>>,
    /// a_0 = x, …, a_{L−1}, each n × width.
    pub(super) activations: Vec<Mat<f64>>,
    /// f(x_i) − y_i, n × q.
    pub(super) residuals: Mat<f64>,
    /// c.
    pub(super) factor: f64,
    pub(super) par: Par,
}

impl Pass {
    /// Runs `data` through the network with loss c‖f − y‖², c = `factor`.
    pub fn new(weights: &Weights, data: &Dataset, factor: f64, par: Par) -> Self {
        let row_major = |values: &[f32], rows, columns| {
            Mat::from_fn(rows, columns, |i, j| f64::from(values[i * columns + j]))
        };
        let matrices: Vec<Mat<f64>> = weights
            .layers
            .iter()
            .map(|layer| row_major(&layer.weight, layer.outputs, layer.inputs))
            .collect();
        let mut activations = vec![row_major(&data.inputs, data.samples, data.features)];
        let mut outputs = Mat::new();
        for (depth, (matrix, layer)) in matrices.iter().zip(&weights.layers).enumerate() {
            let bias = |_: usize, unit: usize| f64::from(layer.bias[unit]);
            let mut z = Mat::from_fn(data.samples, layer.outputs, bias);
            multiply(&mut z, activations[depth].as_ref(), matrix.transpose(), par);
            if depth + 1 == matrices.len() {
                outputs = z;
            } else {
                activations.push(relu(&z));
            }
        }
        let residuals = outputs - row_major(&data.targets, data.samples, data.outputs);
        Self { weights: matrices, activations, residuals, factor, par }
    }

    /// n.
    pub fn samples(&self) -> usize {
        self.residuals.nrows()
    }

    /// q.
    pub fn outputs(&self) -> usize {
        self.residuals.ncols()
    }

    /// d, weights and biases.
    pub fn parameters(&self) -> usize {
        self.weights.iter().map(|w| w.nrows() * (w.ncols() + 1)).sum()
    }

    /// Samples in which some hidden layer has no unit on. Nothing but the biases behind that layer answers to
    /// them: no gradient of theirs reaches what is before it, and all of them have the same output.
    pub fn dead_samples(&self) -> usize {
        let dead = |layer: &Mat<f64>, i| (0..layer.ncols()).all(|unit| layer[(i, unit)] <= 0.0);
        let hidden = &self.activations[1..];
        (0..self.samples()).filter(|&i| hidden.iter().any(|layer| dead(layer, i))).count()
    }

    /// L = (c/n) Σ ‖f(x_i) − y_i‖².
    pub fn loss(&self) -> f64 {
        self.factor * self.residuals.squared_norm_l2() / self.samples() as f64
    }
}

/// z += a·b.
pub(super) fn multiply(z: &mut Mat<f64>, a: MatRef<'_, f64>, b: MatRef<'_, f64>, par: Par) {
    matmul(z.as_mut(), Accum::Add, a, b, 1.0, par);
}

fn relu(z: &Mat<f64>) -> Mat<f64> {
    Mat::from_fn(z.nrows(), z.ncols(), |i, j| z[(i, j)].max(0.0))
}

/// Zeroes the entries of `z` whose unit is off: a ReLU passes derivatives only where a > 0.
///
/// Row `i` of `z` belongs to sample `i / rows_per_sample`.
pub(super) fn mask(z: &mut Mat<f64>, activations: &Mat<f64>, rows_per_sample: usize) {
    for unit in 0..z.ncols() {
        for row in 0..z.nrows() {
            if activations[(row / rows_per_sample, unit)] <= 0.0 {
                z[(row, unit)] = 0.0;
            }
        }
    }
}
