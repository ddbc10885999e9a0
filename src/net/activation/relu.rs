//! σ(z) = max(z, 0), with σ'(0) = 0 as in PyTorch.

use burn_tensor::{Tensor, activation};

use super::function::ActivationFunction;

/// max(z, 0).
#[derive(Debug)]
pub struct Relu;

impl ActivationFunction for Relu {
    fn value(&self, z: f64) -> f64 {
        z.max(0.0)
    }

    fn derivative(&self, z: f64) -> f64 {
        if z > 0.0 { 1.0 } else { 0.0 }
    }

    fn second_derivative(&self, _: f64) -> f64 {
        0.0
    }

    fn is_piecewise_linear(&self) -> bool {
        true
    }

    fn tensor(&self, z: Tensor<2>) -> Tensor<2> {
        activation::relu(z)
    }

    fn batched(&self, z: Tensor<3>) -> Tensor<3> {
        activation::relu(z)
    }

    fn batched_backward(&self, delta: Tensor<3>, a: &Tensor<3>) -> Tensor<3> {
        delta.mask_fill(a.clone().lower_equal_elem(0.0), 0.0)
    }
}
