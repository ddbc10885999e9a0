//! The step of real training, on tensors.

use burn_tensor::Tensor;

use super::kind::Optimizer;
use super::sgd;

impl Optimizer {
    /// θ and the velocity v after one step from θ = `parameter` and `velocity` along the batch's mean gradient
    /// g = `gradient`.
    ///
    /// There is no velocity before the first step, which makes v = g, and none without momentum.
    pub fn tensor_step<const D: usize>(
        self,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        velocity: Option<Tensor<D>>,
        learning_rate: f64,
    ) -> (Tensor<D>, Option<Tensor<D>>) {
        match self {
            Self::Sgd => (sgd::tensor_step(parameter, gradient, learning_rate), None),
            Self::HeavyBall(rule) => rule.tensor_step(parameter, gradient, velocity, learning_rate),
            Self::Nesterov(rule) => rule.tensor_step(parameter, gradient, velocity, learning_rate),
            Self::DecoupledDecay(rule) => {
                rule.tensor_step(parameter, gradient, velocity, learning_rate)
            }
            Self::Dampened(rule) => rule.tensor_step(parameter, gradient, velocity, learning_rate),
        }
    }
}
