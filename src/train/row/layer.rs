//! One affine layer of R networks.

use burn_tensor::{Device, Int, Tensor, TensorData};

use super::super::error::EngineError;
use super::row_motion::RowMotion;
use crate::net::Layer;

/// z = a W + b with W `[R, inputs, outputs]` and b `[R, 1, outputs]`.
#[derive(Clone)]
pub struct RowLayer {
    weight: Tensor<3>,
    bias: Tensor<3>,
    /// Those of W and b, with an optimizer that has one.
    velocity: Option<(Tensor<3>, Tensor<3>)>,
}

impl RowLayer {
    /// Copies layers of one shape to `device`.
    pub fn stack<'a>(layers: impl Iterator<Item = &'a Layer>, device: &Device) -> Self {
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        let (mut runs, mut shape) = (0, [0, 0]);
        for layer in layers {
            weight.extend(transposed(&layer.weight, layer.inputs));
            bias.extend_from_slice(&layer.bias);
            (runs, shape) = (runs + 1, [layer.inputs, layer.outputs]);
        }
        let [inputs, outputs] = shape;
        Self {
            weight: Tensor::from_data(TensorData::new(weight, [runs, inputs, outputs]), device),
            bias: Tensor::from_data(TensorData::new(bias, [runs, 1, outputs]), device),
            velocity: None,
        }
    }

    /// The same layers that move with the parameters of `velocity`.
    pub fn with_velocity(self, velocity: Self) -> Self {
        Self { velocity: Some((velocity.weight, velocity.bias)), ..self }
    }

    /// The same layers with a velocity of 0.
    pub fn at_rest(self) -> Self {
        let velocity = (self.weight.zeros_like(), self.bias.zeros_like());
        Self { velocity: Some(velocity), ..self }
    }

    /// W and b.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    pub fn into_parts(self) -> (Tensor<3>, Tensor<3>) {
        (self.weight, self.bias)
    }

    /// From W `[R, inputs, outputs]` and b `[R, 1, outputs]`.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    pub fn from_parts(weight: Tensor<3>, bias: Tensor<3>) -> Self {
        Self { weight, bias, velocity: None }
    }

    /// `[R, inputs, outputs]`.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    pub fn dims(&self) -> [usize; 3] {
        self.weight.dims()
    }

    /// This layer's runs, then those of `other`.
    pub fn concat(self, other: Self) -> Self {
        let cat = |a, b| Tensor::cat(vec![a, b], 0);
        let velocity = self.velocity.zip(other.velocity);
        Self {
            weight: cat(self.weight, other.weight),
            bias: cat(self.bias, other.bias),
            velocity: velocity.map(|(a, b)| (cat(a.0, b.0), cat(a.1, b.1))),
        }
    }

    /// The runs of `slots` alone.
    pub fn select(self, slots: Tensor<1, Int>) -> Self {
        let of = |tensor: Tensor<3>| tensor.select(0, slots.clone());
        Self {
            weight: of(self.weight),
            bias: of(self.bias),
            velocity: self.velocity.map(|(weight, bias)| (of(weight), of(bias))),
        }
    }

    /// One run's layer, copied to host memory.
    ///
    /// # Errors
    /// The device failed.
    pub fn read(&self, slot: usize) -> Result<Layer, EngineError> {
        read(&self.weight, &self.bias, slot)
    }

    /// The velocity of one run's layer, copied to host memory, if there is one.
    ///
    /// # Errors
    /// The device failed.
    pub fn read_velocity(&self, slot: usize) -> Result<Option<Layer>, EngineError> {
        self.velocity.as_ref().map(|(weight, bias)| read(weight, bias, slot)).transpose()
    }

    /// a W + b, `[R, batch, outputs]`; `a` may be the same for all runs, `[1, batch, inputs]`.
    pub fn forward(&self, a: Tensor<3>) -> Tensor<3> {
        a.matmul(self.weight.clone()) + self.bias.clone()
    }

    /// δ Wᵀ.
    pub fn backward(&self, delta: Tensor<3>) -> Tensor<3> {
        delta.matmul(self.weight.clone().swap_dims(1, 2))
    }

    /// W + aᵀδ and b + Σ δ.
    pub fn add(self, a: Tensor<3>, delta: Tensor<3>) -> Self {
        let (weight, bias) = products(a, delta);
        Self { weight: self.weight + weight, bias: self.bias + bias, ..self }
    }

    /// The layer after a step of `motion` along the gradients aᵀδ of W and Σ δ of b.
    pub fn moved(self, a: Tensor<3>, delta: Tensor<3>, motion: &RowMotion) -> Self {
        let (weight_gradient, bias_gradient) = products(a, delta);
        let (weight_velocity, bias_velocity) = self.velocity.unzip();
        let (weight, weight_velocity) = motion.step(self.weight, weight_velocity, weight_gradient);
        let (bias, bias_velocity) = motion.step(self.bias, bias_velocity, bias_gradient);
        Self { weight, bias, velocity: weight_velocity.zip(bias_velocity) }
    }
}

/// aᵀδ and Σ δ.
fn products(a: Tensor<3>, delta: Tensor<3>) -> (Tensor<3>, Tensor<3>) {
    let [_, batch, _] = a.dims();
    let transposed = a.swap_dims(1, 2);
    // At B = 1 the product has one term: a broadcast needs no matrix kernel.
    let product =
        if batch == 1 { transposed * delta.clone() } else { transposed.matmul(delta.clone()) };
    (product, delta.sum_dim(1))
}

fn read(weight: &Tensor<3>, bias: &Tensor<3>, slot: usize) -> Result<Layer, EngineError> {
    let [_, inputs, outputs] = weight.dims();
    let run = slot..slot + 1;
    let weight = floats(weight.clone().slice([run.clone()]))?;
    let bias = floats(bias.clone().slice([run]))?;
    Ok(Layer { outputs, inputs, weight: transposed(&weight, outputs), bias })
}

/// A row-major matrix of `columns` columns, transposed.
fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| matrix.iter().skip(column).step_by(columns)).copied().collect()
}

/// The values of a tensor.
///
/// # Errors
/// The device failed.
pub fn floats<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, EngineError> {
    let fault = |fault: String| EngineError { engine: "tensor", fault };
    let data = tensor.try_into_data().map_err(|error| fault(error.to_string()))?;
    data.try_into_vec::<f32>().map_err(|error| fault(format!("{error:?}")))
}
