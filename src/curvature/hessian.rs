//! Products with the Hessian of the true loss, residual term included.

use faer::Mat;

use super::pass::Pass;
use crate::linalg::LinearOperator;
use crate::net::HessianProduct;

/// v ↦ ∇²L v on all n samples.
#[derive(Debug)]
pub struct LossHessian<'a> {
    pass: &'a Pass,
    product: Box<dyn HessianProduct + 'a>,
    /// κ/n.
    scale: f64,
}

impl<'a> LossHessian<'a> {
    /// Prepares the backward pass of the loss itself.
    pub fn new(pass: &'a Pass) -> Self {
        let scale = pass.loss.derivative_factor() / pass.samples() as f64;
        let product = pass.network.hessian_product(faer::Scale(scale) * pass.residuals());
        Self { pass, product, scale }
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
}

impl LinearOperator for LossHessian<'_> {
    fn side(&self) -> usize {
        self.pass.parameters()
    }

    fn apply(&self, v: &[f64], into: &mut [f64]) {
        let (function, outputs) = (self.pass.loss.function(), self.pass.network.outputs());
        let output_hessian = |tangents: Mat<f64>| {
            faer::Scale(self.scale) * function.apply_curvature(outputs, tangents)
        };
        self.product.apply(v, &output_hessian, into);
    }
}
