//! The derivatives that curvature asks for.

use faer::{Mat, MatRef};

use super::super::pass::{HessianProduct, NetworkPass};
use super::gram::gram;
use super::hessian::MlpHessian;
use super::pass::MlpPass;

impl NetworkPass for MlpPass {
    fn outputs(&self) -> MatRef<'_, f64> {
        self.outputs.as_ref()
    }

    fn parameters(&self) -> usize {
        self.weights.iter().map(|w| w.nrows() * (w.ncols() + 1)).sum()
    }

    fn dead_samples(&self) -> usize {
        let off = |z: f64| self.activation.derivative(z) == 0.0;
        let dead = |layer: &Mat<f64>, i| (0..layer.ncols()).all(|unit| off(layer[(i, unit)]));
        let hidden = &self.preactivations;
        (0..self.samples()).filter(|&i| hidden.iter().any(|layer| dead(layer, i))).count()
    }

    fn pull_back(&self, mut delta: Mat<f64>) -> Vec<f64> {
        let mut layers = Vec::with_capacity(self.weights.len());
        for depth in (0..self.weights.len()).rev() {
            layers.push(self.outer(&delta, &self.activations[depth]));
            if depth > 0 {
                delta = self.through(depth, &delta, 1);
            }
        }
        layers.into_iter().rev().flatten().collect()
    }

    /// Layer by layer ‖δ_l^i‖² (‖a_{l−1}^i‖² + 1).
    fn squared_norms(&self, mut delta: Mat<f64>) -> f64 {
        let mut total = 0.0;
        for depth in (0..self.weights.len()).rev() {
            let inputs = &self.activations[depth];
            let square = |matrix: &Mat<f64>, i: usize| matrix.row(i).squared_norm_l2();
            total += (0..self.samples())
                .map(|i| square(&delta, i) * (square(inputs, i) + 1.0))
                .sum::<f64>();
            if depth > 0 {
                delta = self.through(depth, &delta, 1);
            }
        }
        total
    }

    fn gram(&self, roots: Mat<f64>, kappa: f64) -> Mat<f64> {
        gram(self, roots, kappa)
    }

    fn hessian_product<'a>(&'a self, delta: Mat<f64>) -> Box<dyn HessianProduct + 'a> {
        Box::new(MlpHessian::new(self, delta))
    }
}
