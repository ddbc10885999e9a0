//! The parameters of a multilayer perceptron in host memory.

use serde::{Deserialize, Serialize};

use super::activation::Activation;

/// One affine layer z = W a + b.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Rows of W.
    pub outputs: usize,
    /// Columns of W.
    pub inputs: usize,
    /// W row by row, PyTorch's layout.
    pub weight: Vec<f32>,
    /// b.
    pub bias: Vec<f32>,
}

/// All layers, first to last, with the activation between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    pub activation: Activation,
    pub layers: Vec<Layer>,
}

/// Layer widths from the inputs to the outputs: `[784, 1024, 4]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widths(pub Vec<usize>);

impl Widths {
    /// Inputs, hidden layers, outputs.
    pub fn new(features: usize, hidden: &[usize], outputs: usize) -> Self {
        Self([&[features], hidden, &[outputs]].concat())
    }

    /// (inputs, outputs) of each layer.
    pub fn layers(&self) -> impl Iterator<Item = (usize, usize)> {
        self.0.windows(2).map(|pair| (pair[0], pair[1]))
    }

    /// d, the number of weights and biases.
    pub fn parameters(&self) -> usize {
        self.layers().map(|(inputs, outputs)| (inputs + 1) * outputs).sum()
    }
}

impl std::fmt::Display for Widths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let widths: Vec<String> = self.0.iter().map(usize::to_string).collect();
        f.write_str(&widths.join("-"))
    }
}

impl Weights {
    /// The widths of these layers.
    pub fn widths(&self) -> Widths {
        let first = self.layers.first().map(|layer| layer.inputs);
        Widths(first.into_iter().chain(self.layers.iter().map(|layer| layer.outputs)).collect())
    }

    /// Whether every parameter is a finite number.
    pub fn is_finite(&self) -> bool {
        self.parameters().all(f64::is_finite)
    }

    /// θ: the parameters of all layers, W row by row and then b of each.
    pub fn parameters(&self) -> impl Iterator<Item = f64> {
        let layers = self.layers.iter();
        layers.flat_map(|layer| layer.weight.iter().chain(&layer.bias)).map(|&value| value.into())
    }

    /// θ + `step`, rounded to single precision.
    pub fn plus(&self, step: impl IntoIterator<Item = f64>) -> Self {
        let mut moved = self.clone();
        let layers = moved.layers.iter_mut();
        let parameters = layers.flat_map(|layer| layer.weight.iter_mut().chain(&mut layer.bias));
        for (parameter, step) in parameters.zip(step) {
            *parameter = (f64::from(*parameter) + step) as f32;
        }
        moved
    }
}
