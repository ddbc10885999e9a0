//! One affine layer of R networks.

use burn_tensor::{Device, Int, Tensor, TensorData};

use super::super::error::EngineError;
use crate::net::Layer;

/// z = a W + b with W `[R, inputs, outputs]` and b `[R, 1, outputs]`.
#[derive(Clone)]
pub struct RowLayer {
    weight: Tensor<3>,
    bias: Tensor<3>,
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
        }
    }

    /// W and b.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    pub fn into_parts(self) -> (Tensor<3>, Tensor<3>) {
        (self.weight, self.bias)
    }

    /// From W `[R, inputs, outputs]` and b `[R, 1, outputs]`.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    pub fn from_parts(weight: Tensor<3>, bias: Tensor<3>) -> Self {
        Self { weight, bias }
    }

    /// `[R, inputs, outputs]`.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    pub fn dims(&self) -> [usize; 3] {
        self.weight.dims()
    }

    /// This layer's runs, then those of `other`.
    pub fn concat(self, other: Self) -> Self {
        Self {
            weight: Tensor::cat(vec![self.weight, other.weight], 0),
            bias: Tensor::cat(vec![self.bias, other.bias], 0),
        }
    }

    /// The runs of `slots` alone.
    pub fn select(self, slots: Tensor<1, Int>) -> Self {
        let weight = self.weight.select(0, slots.clone());
        Self { weight, bias: self.bias.select(0, slots) }
    }

    /// One run's layer, copied to host memory.
    ///
    /// # Errors
    /// The device failed.
    pub fn read(&self, slot: usize) -> Result<Layer, EngineError> {
        let [_, inputs, outputs] = self.weight.dims();
        let run = slot..slot + 1;
        let weight = floats(self.weight.clone().slice([run.clone()]))?;
        let bias = floats(self.bias.clone().slice([run]))?;
        Ok(Layer { outputs, inputs, weight: transposed(&weight, outputs), bias })
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
        let [_, batch, _] = a.dims();
        let transposed = a.swap_dims(1, 2);
        // At B = 1 the product has one term: a broadcast needs no matrix kernel.
        let product =
            if batch == 1 { transposed * delta.clone() } else { transposed.matmul(delta.clone()) };
        Self { weight: self.weight + product, bias: self.bias + delta.sum_dim(1) }
    }
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
