//! Products with the Hessian of the true loss, residual term included.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef};

use super::kernel::through;
use super::lanczos::LinearOperator;
use super::pass::{Pass, mask, multiply};

/// v ↦ ∇²L v by the R-operator, forward over reverse (Pearlmutter 1994), on all n samples.
///
/// With R{·} the derivative along v = (V_l, v_l): R{z_l} = a_{l−1}V_lᵀ + R{a_{l−1}}W_lᵀ + v_l
/// forwards; R{δ_{l−1}} = (R{δ_l} W_l + δ_l V_l) ∘ 1{z > 0} backwards, ReLU'' being 0; and
/// R{∂L/∂W_l} = R{δ_l}ᵀa_{l−1} + δ_lᵀR{a_{l−1}}.
#[derive(Debug)]
pub struct LossHessian<'a> {
    pass: &'a Pass,
    /// ∂L/∂z_l, n × width, first layer first.
    deltas: Vec<Mat<f64>>,
}

impl<'a> LossHessian<'a> {
    /// Prepares the backward pass of the loss itself.
    pub fn new(pass: &'a Pass) -> Self {
        let scale = 2.0 * pass.factor / pass.samples() as f64;
        let mut deltas = vec![faer::Scale(scale) * &pass.residuals];
        for depth in (1..pass.weights.len()).rev() {
            let next = through(pass, depth, &deltas[deltas.len() - 1], 1);
            deltas.push(next);
        }
        deltas.reverse();
        Self { pass, deltas }
    }

    /// The whole matrix, d × d: for small networks.
    pub fn dense(&self) -> Mat<f64> {
        let side = self.side();
        let mut matrix = Mat::zeros(side, side);
        let (mut unit, mut column) = (vec![0.0; side], vec![0.0; side]);
        for k in 0..side {
            unit[k] = 1.0;
            self.apply(&unit, &mut column);
            unit[k] = 0.0;
            matrix.col_mut(k).iter_mut().zip(&column).for_each(|(entry, value)| *entry = *value);
        }
        matrix
    }

    /// R{a_0} = 0 … R{a_{L−1}} and R{f}.
    fn forward(&self, v: &[Direction<'_>]) -> (Vec<Mat<f64>>, Mat<f64>) {
        let pass = self.pass;
        let mut tangents = vec![Mat::<f64>::zeros(0, 0)];
        for (depth, direction) in v.iter().enumerate() {
            let mut z =
                Mat::from_fn(pass.samples(), direction.bias.len(), |_, j| direction.bias[j]);
            multiply(
                &mut z,
                pass.activations[depth].as_ref(),
                direction.weight.transpose(),
                pass.par,
            );
            if depth > 0 {
                multiply(
                    &mut z,
                    tangents[depth].as_ref(),
                    pass.weights[depth].transpose(),
                    pass.par,
                );
            }
            if depth + 1 < v.len() {
                mask(&mut z, &pass.activations[depth + 1], 1);
            }
            tangents.push(z);
        }
        let outputs = tangents.pop().unwrap_or_else(Mat::new);
        (tangents, outputs)
    }

    /// R{δ_{l−1}} from R{δ_l}.
    fn backward(&self, depth: usize, delta: &Mat<f64>, direction: &Direction<'_>) -> Mat<f64> {
        let pass = self.pass;
        let mut before = Mat::<f64>::zeros(pass.samples(), pass.weights[depth].ncols());
        multiply(&mut before, delta.as_ref(), pass.weights[depth].as_ref(), pass.par);
        multiply(&mut before, self.deltas[depth].as_ref(), direction.weight, pass.par);
        mask(&mut before, &pass.activations[depth], 1);
        before
    }

    /// R{∂L/∂(W_l, b_l)}, written to the layer's part of the result.
    fn write_layer(&self, depth: usize, tangent: &Mat<f64>, delta: &Mat<f64>, into: &mut [f64]) {
        let pass = self.pass;
        let (outputs, inputs) = (delta.ncols(), pass.activations[depth].ncols());
        let mut weight = Mat::<f64>::zeros(inputs, outputs);
        let activations = pass.activations[depth].transpose();
        matmul(weight.as_mut(), Accum::Replace, activations, delta.as_ref(), 1.0, pass.par);
        if depth > 0 {
            multiply(&mut weight, tangent.transpose(), self.deltas[depth].as_ref(), pass.par);
        }
        for unit in 0..outputs {
            for input in 0..inputs {
                into[unit * inputs + input] = weight[(input, unit)];
            }
            into[outputs * inputs + unit] = delta.col(unit).sum();
        }
    }
}

/// The part of a parameter-space vector that belongs to one layer.
struct Direction<'v> {
    weight: MatRef<'v, f64>,
    bias: &'v [f64],
}

impl LinearOperator for LossHessian<'_> {
    fn side(&self) -> usize {
        self.pass.parameters()
    }

    fn apply(&self, v: &[f64], into: &mut [f64]) {
        let mut rest = v;
        let mut directions = Vec::with_capacity(self.pass.weights.len());
        for weight in &self.pass.weights {
            let (outputs, inputs) = weight.shape();
            let (matrix, tail) = rest.split_at(outputs * inputs);
            let (bias, tail) = tail.split_at(outputs);
            let weight = MatRef::from_row_major_slice(matrix, outputs, inputs);
            directions.push(Direction { weight, bias });
            rest = tail;
        }
        let (tangents, outputs) = self.forward(&directions);
        let mut delta = faer::Scale(2.0 * self.pass.factor / self.pass.samples() as f64) * outputs;
        let mut end = into.len();
        for depth in (0..directions.len()).rev() {
            let start = end - (self.pass.weights[depth].ncols() + 1) * delta.ncols();
            self.write_layer(depth, &tangents[depth], &delta, &mut into[start..end]);
            if depth > 0 {
                delta = self.backward(depth, &delta, &directions[depth]);
            }
            end = start;
        }
    }
}
