//! The multilayer perceptron on a device, by tensor operations.

use burn_tensor::module::linear;
use burn_tensor::{Device, ExecutionError, Gradients, Tensor, TensorData};

use super::super::activation::Activation;
use super::super::weights::{Layer, Weights};
use crate::optimizer::Optimizer;

/// f(x) = W_L σ(… σ(W_1 x + b_1) …) + b_L.
#[derive(Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    activation: Activation,
}

/// x W + b with the weights `[inputs, outputs]`, the transpose of PyTorch's layout.
#[derive(Debug)]
struct Linear {
    weight: Tensor<2>,
    bias: Tensor<1>,
}

impl Mlp {
    /// Copies `weights` to `device`; where the device differentiates, the parameters keep gradients.
    pub fn new(weights: &Weights, device: &Device) -> Self {
        let layers = weights.layers.iter().map(|layer| Linear::new(layer, device)).collect();
        Self { layers, activation: weights.activation }
    }

    /// Outputs `[batch, q]` for inputs `[batch, features]`.
    pub fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        let (last, activation) = (self.layers.len() - 1, self.activation.function());
        self.layers.iter().enumerate().fold(inputs, |activations, (depth, layer)| {
            let outputs = layer.forward(activations);
            if depth == last { outputs } else { activation.tensor(outputs) }
        })
    }

    /// The same parameters without automatic differentiation.
    pub fn without_autodiff(&self) -> Self {
        let layers = self.layers.iter().map(Linear::without_autodiff).collect();
        Self { layers, activation: self.activation }
    }

    /// The network after a step of `optimizer`. Takes the network by value, as a buffer is updated in place
    /// only where nothing else holds it.
    #[must_use]
    pub fn step(self, optimizer: Optimizer, mut gradients: Gradients, learning_rate: f64) -> Self {
        let step = |layer: Linear| Linear {
            weight: step(layer.weight, optimizer, &mut gradients, learning_rate),
            bias: step(layer.bias, optimizer, &mut gradients, learning_rate),
        };
        Self { layers: self.layers.into_iter().map(step).collect(), activation: self.activation }
    }

    /// Copies the parameters back to host memory.
    ///
    /// # Errors
    /// The device failed.
    pub fn weights(&self) -> Result<Weights, ExecutionError> {
        let layers = self.layers.iter().map(Linear::read_back).collect::<Result<_, _>>()?;
        Ok(Weights { activation: self.activation, layers })
    }
}

impl Linear {
    fn new(layer: &Layer, device: &Device) -> Self {
        let weight = TensorData::new(layer.weight.clone(), [layer.outputs, layer.inputs]);
        let bias = TensorData::new(layer.bias.clone(), [layer.outputs]);
        let transposed = Tensor::<2>::from_data(weight, device).transpose().into_data();
        Self {
            weight: parameter(Tensor::from_data(transposed, device)),
            bias: parameter(Tensor::from_data(bias, device)),
        }
    }

    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        linear(inputs, self.weight.clone(), Some(self.bias.clone()))
    }

    fn without_autodiff(&self) -> Self {
        Self {
            weight: self.weight.clone().without_autodiff(),
            bias: self.bias.clone().without_autodiff(),
        }
    }

    fn read_back(&self) -> Result<Layer, ExecutionError> {
        let [inputs, outputs] = self.weight.dims();
        let weight = floats(self.weight.clone().transpose().into_data());
        Ok(Layer { outputs, inputs, weight, bias: floats(self.bias.clone().into_data()) })
    }
}

/// The tensor as a leaf of the graph that keeps its gradient, if its device differentiates.
fn parameter<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    let differentiates = tensor.is_autodiff();
    tensor.set_require_grad(differentiates)
}

fn step<const D: usize>(
    parameter: Tensor<D>,
    optimizer: Optimizer,
    gradients: &mut Gradients,
    learning_rate: f64,
) -> Tensor<D> {
    let Some(gradient) = parameter.grad_remove(gradients) else { return parameter };
    let parameter = parameter.without_autodiff();
    optimizer.tensor_step(parameter, gradient, None, learning_rate).0.autodiff().require_grad()
}

fn floats(data: TensorData) -> Vec<f32> {
    data.iter::<f32>().collect()
}
