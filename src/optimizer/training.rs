//! The step of real training, on tensors.

use burn_tensor::Tensor;

use super::kind::Optimizer;
use super::sgd;

impl Optimizer {
    /// θ after one step from θ = `parameter` along g = `gradient`, the batch's mean gradient.
    pub fn tensor_step<const D: usize>(
        self,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        learning_rate: f64,
    ) -> Tensor<D> {
        match self {
            Self::Sgd => sgd::tensor_step(parameter, gradient, learning_rate),
        }
    }
}
