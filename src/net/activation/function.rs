//! What training and analysis need of an activation.

use std::fmt::Debug;

use burn_tensor::Tensor;

/// σ, applied to every number of a layer.
pub trait ActivationFunction: Debug + Send + Sync {
    /// σ(z).
    fn value(&self, z: f64) -> f64;

    /// σ'(z).
    fn derivative(&self, z: f64) -> f64;

    /// σ''(z), 0 where it does not exist.
    fn second_derivative(&self, z: f64) -> f64;

    /// Whether σ'' = 0 wherever it exists.
    fn is_piecewise_linear(&self) -> bool;

    /// σ(z), `[batch, width]`, for automatic differentiation.
    fn tensor(&self, z: Tensor<2>) -> Tensor<2>;

    /// σ(z) of R networks, `[R, batch, width]`.
    fn batched(&self, z: Tensor<3>) -> Tensor<3>;

    /// δ ⊙ σ'(z) of R networks, from the output a = σ(z): an increasing σ needs no z to be kept.
    fn batched_backward(&self, delta: Tensor<3>, a: &Tensor<3>) -> Tensor<3>;
}
