//! Hessian products of the perceptron by the R-operator, forward over reverse (Pearlmutter 1994).

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef};

use super::super::pass::HessianProduct;
use super::pass::{MlpPass, multiply};

/// v ↦ ∇²(Σ ℓ_i) v.
///
/// With R{·} the derivative along v = (V_l, v_l): R{z_l} = a_{l−1}V_lᵀ + R{a_{l−1}}W_lᵀ + v_l and
/// R{a_l} = σ'(z_l) ∘ R{z_l} forwards;
/// R{δ_{l−1}} = (R{δ_l} W_l + δ_l V_l) ∘ σ'(z_{l−1}) + (δ_l W_l) ∘ σ''(z_{l−1}) ∘ R{z_{l−1}} backwards; and
/// R{∂L/∂W_l} = R{δ_l}ᵀa_{l−1} + δ_lᵀR{a_{l−1}}.
#[derive(Debug)]
pub struct MlpHessian<'a> {
    pass: &'a MlpPass,
    /// δ_l = ∂(Σ ℓ_i)/∂z_l, n × width, first layer first.
    deltas: Vec<Mat<f64>>,
    /// (δ_{l+1} W_{l+1}) ∘ σ''(z_l) of the hidden layers; empty if σ'' = 0.
    bends: Vec<Mat<f64>>,
}

/// R{a_0} = 0, …, R{a_{L−1}}, and R{z_1}, …, R{z_{L−1}} if σ'' is not 0.
struct Tangents {
    activations: Vec<Mat<f64>>,
    preactivations: Vec<Mat<f64>>,
}

/// The part of a vector of parameters that belongs to one layer.
struct Direction<'v> {
    weight: MatRef<'v, f64>,
    bias: &'v [f64],
}

impl<'a> MlpHessian<'a> {
    /// Prepares the backward pass of the loss whose gradients in the outputs are the rows of `delta`.
    pub fn new(pass: &'a MlpPass, delta: Mat<f64>) -> Self {
        let deltas = pass.deltas(delta, 1);
        let bend = |(depth, z): (usize, &Mat<f64>)| {
            let mut bend = Mat::<f64>::zeros(z.nrows(), z.ncols());
            let (delta, weight) = (&deltas[depth + 1], &pass.weights[depth + 1]);
            multiply(&mut bend, delta.as_ref(), weight.as_ref(), pass.par);
            for j in 0..z.ncols() {
                for i in 0..z.nrows() {
                    bend[(i, j)] *= pass.activation.second_derivative(z[(i, j)]);
                }
            }
            bend
        };
        let bends = match pass.activation.is_piecewise_linear() {
            true => Vec::new(),
            false => pass.preactivations.iter().enumerate().map(bend).collect(),
        };
        Self { pass, deltas, bends }
    }

    /// The tangents, and R{f}.
    fn forward(&self, v: &[Direction<'_>]) -> (Tangents, Mat<f64>) {
        let pass = self.pass;
        let (mut activations, mut preactivations) = (vec![Mat::<f64>::zeros(0, 0)], Vec::new());
        for (depth, direction) in v.iter().enumerate() {
            let mut z =
                Mat::from_fn(pass.samples(), direction.bias.len(), |_, j| direction.bias[j]);
            let inputs = pass.activations[depth].as_ref();
            multiply(&mut z, inputs, direction.weight.transpose(), pass.par);
            if depth > 0 {
                let weight = pass.weights[depth].transpose();
                multiply(&mut z, activations[depth].as_ref(), weight, pass.par);
            }
            if depth + 1 < v.len() {
                if !self.bends.is_empty() {
                    preactivations.push(z.clone());
                }
                pass.multiply_by_derivative(&mut z, depth + 1, 1);
            }
            activations.push(z);
        }
        let outputs = activations.pop().unwrap_or_else(Mat::new);
        (Tangents { activations, preactivations }, outputs)
    }

    /// R{δ_{l−1}} from R{δ_l}, l = `depth`.
    fn backward(
        &self,
        depth: usize,
        delta: &Mat<f64>,
        direction: &Direction<'_>,
        tangents: &Tangents,
    ) -> Mat<f64> {
        let pass = self.pass;
        let mut before = Mat::<f64>::zeros(pass.samples(), pass.weights[depth].ncols());
        multiply(&mut before, delta.as_ref(), pass.weights[depth].as_ref(), pass.par);
        multiply(&mut before, self.deltas[depth].as_ref(), direction.weight, pass.par);
        pass.multiply_by_derivative(&mut before, depth, 1);
        if let Some(bend) = self.bends.get(depth - 1) {
            let z = &tangents.preactivations[depth - 1];
            for j in 0..z.ncols() {
                for i in 0..z.nrows() {
                    before[(i, j)] += bend[(i, j)] * z[(i, j)];
                }
            }
        }
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

    /// The vector layer by layer.
    fn directions<'v>(&self, v: &'v [f64]) -> Vec<Direction<'v>> {
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
        directions
    }
}

impl HessianProduct for MlpHessian<'_> {
    fn apply(&self, v: &[f64], output_hessian: &dyn Fn(Mat<f64>) -> Mat<f64>, into: &mut [f64]) {
        let directions = self.directions(v);
        let (tangents, outputs) = self.forward(&directions);
        let mut delta = output_hessian(outputs);
        let mut end = into.len();
        for depth in (0..directions.len()).rev() {
            let start = end - (self.pass.weights[depth].ncols() + 1) * delta.ncols();
            self.write_layer(depth, &tangents.activations[depth], &delta, &mut into[start..end]);
            if depth > 0 {
                delta = self.backward(depth, &delta, &directions[depth], &tangents);
            }
            end = start;
        }
    }
}

#[cfg(test)]
mod tests {
    use burn_tensor::Tensor;
    use faer::Par;

    use super::super::super::activation::{Activation, ActivationFunction};
    use super::super::super::pass::NetworkPass;
    use super::super::super::weights::{Layer, Weights};
    use super::*;

    /// A smooth activation.
    #[derive(Debug)]
    struct Tanh;

    impl ActivationFunction for Tanh {
        fn value(&self, z: f64) -> f64 {
            z.tanh()
        }
        fn derivative(&self, z: f64) -> f64 {
            1.0 - z.tanh().powi(2)
        }
        fn second_derivative(&self, z: f64) -> f64 {
            -2.0 * z.tanh() * self.derivative(z)
        }
        fn is_piecewise_linear(&self) -> bool {
            false
        }
        fn tensor(&self, z: Tensor<2>) -> Tensor<2> {
            z.tanh()
        }
        fn batched(&self, z: Tensor<3>) -> Tensor<3> {
            z.tanh()
        }
        fn batched_backward(&self, delta: Tensor<3>, a: &Tensor<3>) -> Tensor<3> {
            delta.clone() - delta * a.clone() * a.clone()
        }
    }

    const SAMPLES: usize = 4;
    const WIDTHS: [usize; 4] = [3, 5, 4, 2];

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|k| (((k + seed) * 7919 + 13) % 101) as f32 / 64.0 - 0.75).collect()
    }

    fn weights() -> Weights {
        let layer = |(depth, pair): (usize, &[usize])| Layer {
            inputs: pair[0],
            outputs: pair[1],
            weight: numbers(pair[0] * pair[1], depth),
            bias: numbers(pair[1], 9 + depth),
        };
        let layers = WIDTHS.windows(2).enumerate().map(layer).collect();
        Weights { activation: Activation::default(), layers }
    }

    fn pass(weights: &Weights) -> MlpPass {
        let inputs = numbers(SAMPLES * WIDTHS[0], 40);
        MlpPass::with_activation(weights, &Tanh, &inputs, SAMPLES, Par::Seq)
    }

    /// ½ Σ ‖f‖²: its gradient in the outputs is f, its Hessian in them I.
    fn gradient(weights: &Weights) -> Vec<f64> {
        let pass = pass(weights);
        pass.pull_back(pass.outputs().to_owned())
    }

    #[test]
    fn products_with_a_smooth_activation_are_differences_of_gradients() {
        let (weights, step) = (weights(), 1.0 / 1024.0);
        let pass = pass(&weights);
        let product = pass.hessian_product(pass.outputs().to_owned());
        let v: Vec<f64> = (0..pass.parameters()).map(|k| f64::from(k as u8 % 5) - 2.0).collect();
        let moved = |sign: f64| {
            let mut moved = weights.clone();
            let parameters = moved.layers.iter_mut();
            let parameters = parameters.flat_map(|l| l.weight.iter_mut().chain(&mut l.bias));
            // Sums of small binary fractions: exact in single precision.
            parameters.zip(&v).for_each(|(p, v)| *p += (sign * step * v) as f32);
            gradient(&moved)
        };
        let mut found = vec![0.0; v.len()];
        product.apply(&v, &|rows| rows, &mut found);
        let (above, below) = (moved(1.0), moved(-1.0));
        let expected = above.iter().zip(&below).map(|(a, b)| (a - b) / (2.0 * step));
        let norm = found.iter().map(|x| x * x).sum::<f64>().sqrt();
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4 * norm, "{found} {expected} of {norm}");
        }
    }
}
