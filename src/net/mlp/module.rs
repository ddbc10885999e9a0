//! The multilayer perceptron as a Burn module.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, ExecutionError, Tensor, TensorData};

use super::super::activation::Activation;
use super::super::weights::{Layer, Weights};

/// f(x) = W_L σ(… σ(W_1 x + b_1) …) + b_L.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    #[module(skip)]
    activation: Activation,
}

impl Mlp {
    /// Copies `weights` to `device`.
    pub fn new(weights: &Weights, device: &Device) -> Self {
        let layers = weights.layers.iter().map(|layer| linear(layer, device)).collect();
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

    /// Copies the parameters back to host memory.
    ///
    /// # Errors
    /// The device failed.
    pub fn weights(&self) -> Result<Weights, ExecutionError> {
        let layers = self.layers.iter().map(read_back).collect::<Result<_, _>>()?;
        Ok(Weights { activation: self.activation, layers })
    }
}

/// Burn keeps `[inputs, outputs]`, the transpose of PyTorch's layout.
fn linear(layer: &Layer, device: &Device) -> Linear {
    let weight = TensorData::new(layer.weight.clone(), [layer.outputs, layer.inputs]);
    let bias = TensorData::new(layer.bias.clone(), [layer.outputs]);
    let transposed = Tensor::<2>::from_data(weight, device).transpose().into_data();
    Linear {
        weight: Param::from_tensor(Tensor::from_data(transposed, device)),
        bias: Some(Param::from_tensor(Tensor::from_data(bias, device))),
    }
}

fn read_back(layer: &Linear) -> Result<Layer, ExecutionError> {
    let [inputs, outputs] = layer.weight.dims();
    let bias = match &layer.bias {
        Some(bias) => floats(bias.val().into_data()),
        None => vec![0.0; outputs],
    };
    Ok(Layer { outputs, inputs, weight: floats(layer.weight.val().transpose().into_data()), bias })
}

fn floats(data: TensorData) -> Vec<f32> {
    data.iter::<f32>().collect()
}
