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
    weight: Parameter<2>,
    bias: Parameter<1>,
}

/// A parameter and, once an optimizer with momentum has made a step, its velocity.
#[derive(Debug)]
struct Parameter<const D: usize> {
    value: Tensor<D>,
    velocity: Option<Tensor<D>>,
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

    /// The same network whose parameters move with this velocity, of the same shape.
    #[must_use]
    pub fn with_velocity(self, velocity: &Weights) -> Self {
        let layers = self.layers.into_iter().zip(&velocity.layers);
        let layers = layers.map(|(layer, velocity)| layer.with_velocity(velocity)).collect();
        Self { layers, ..self }
    }

    /// Copies the parameters back to host memory.
    ///
    /// # Errors
    /// The device failed.
    pub fn weights(&self) -> Result<Weights, ExecutionError> {
        let layers = self.layers.iter().map(Linear::read_back).collect::<Result<_, _>>()?;
        Ok(Weights { activation: self.activation, layers })
    }

    /// Copies the velocity of the parameters back to host memory, if there is one.
    ///
    /// # Errors
    /// The device failed.
    pub fn velocity(&self) -> Result<Option<Weights>, ExecutionError> {
        let layers = self.layers.iter().map(Linear::read_velocity);
        let layers = layers.collect::<Result<Option<_>, _>>()?;
        Ok(layers.map(|layers| Weights { activation: self.activation, layers }))
    }
}

impl Linear {
    fn new(layer: &Layer, device: &Device) -> Self {
        let (weight, bias) = tensors(layer, device);
        Self { weight: Parameter::new(weight), bias: Parameter::new(bias) }
    }

    fn with_velocity(self, velocity: &Layer) -> Self {
        let device = self.weight.value.device().inner();
        let (weight, bias) = tensors(velocity, &device);
        Self {
            weight: Parameter { velocity: Some(weight), ..self.weight },
            bias: Parameter { velocity: Some(bias), ..self.bias },
        }
    }

    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        linear(inputs, self.weight.value.clone(), Some(self.bias.value.clone()))
    }

    fn without_autodiff(&self) -> Self {
        Self { weight: self.weight.without_autodiff(), bias: self.bias.without_autodiff() }
    }

    fn read_back(&self) -> Result<Layer, ExecutionError> {
        layer(self.weight.value.clone(), self.bias.value.clone())
    }

    fn read_velocity(&self) -> Result<Option<Layer>, ExecutionError> {
        let velocities = self.weight.velocity.clone().zip(self.bias.velocity.clone());
        velocities.map(|(weight, bias)| layer(weight, bias)).transpose()
    }
}

impl<const D: usize> Parameter<D> {
    /// The tensor as a leaf of the graph that keeps its gradient, if its device differentiates.
    fn new(tensor: Tensor<D>) -> Self {
        let differentiates = tensor.is_autodiff();
        Self { value: tensor.set_require_grad(differentiates), velocity: None }
    }

    fn without_autodiff(&self) -> Self {
        Self { value: self.value.clone().without_autodiff(), velocity: self.velocity.clone() }
    }
}

/// W transposed and b on `device`.
fn tensors(layer: &Layer, device: &Device) -> (Tensor<2>, Tensor<1>) {
    let weight = TensorData::new(layer.weight.clone(), [layer.outputs, layer.inputs]);
    let bias = TensorData::new(layer.bias.clone(), [layer.outputs]);
    let transposed = Tensor::<2>::from_data(weight, device).transpose().into_data();
    (Tensor::from_data(transposed, device), Tensor::from_data(bias, device))
}

/// The layer of [`tensors`], in host memory.
fn layer(weight: Tensor<2>, bias: Tensor<1>) -> Result<Layer, ExecutionError> {
    let [inputs, outputs] = weight.dims();
    let weight = floats(weight.transpose().into_data());
    Ok(Layer { outputs, inputs, weight, bias: floats(bias.into_data()) })
}

fn step<const D: usize>(
    parameter: Parameter<D>,
    optimizer: Optimizer,
    gradients: &mut Gradients,
    learning_rate: f64,
) -> Parameter<D> {
    let Some(gradient) = parameter.value.grad_remove(gradients) else { return parameter };
    let Parameter { value, velocity } = parameter;
    let (value, velocity) =
        optimizer.tensor_step(value.without_autodiff(), gradient, velocity, learning_rate);
    Parameter { value: value.autodiff().require_grad(), velocity }
}

fn floats(data: TensorData) -> Vec<f32> {
    data.iter::<f32>().collect()
}
