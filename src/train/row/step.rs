//! One step of a row as tensor operations: any backend, any batch.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;

use super::layer::RowLayer;

/// The samples of one step.
pub struct Batch {
    /// `[R, |b|, f]`.
    pub inputs: Tensor<3>,
    /// `[R, |b|, q]`.
    pub targets: Tensor<3>,
    /// −2cη/|b|, `[R, 1, 1]`: with it on the residual, every product of the backward pass is what
    /// is added to the weights.
    pub scale: Tensor<3>,
}

/// θ ← θ − (η/|b|) Σ ∇ℓ of every network, and Σ ‖f − y‖² of its batch before it onto its `total`.
pub fn step(layers: Vec<RowLayer>, batch: Batch, total: Tensor<1>) -> (Vec<RowLayer>, Tensor<1>) {
    let mut activations = forward(&layers, batch.inputs);
    let Some(outputs) = activations.pop() else { return (layers, total) };
    let residual = outputs - batch.targets;
    let total = total + squared(residual.clone());
    let mut delta = residual * batch.scale;
    let mut moved = Vec::with_capacity(layers.len());
    for (depth, layer) in layers.into_iter().enumerate().rev() {
        let Some(input) = activations.pop() else { break };
        let back = (depth > 0).then(|| layer.back(delta.clone(), &input));
        moved.push(layer.add(input, delta.clone()));
        delta = back.unwrap_or(delta);
    }
    moved.reverse();
    (moved, total)
}

/// a_0 = x, …, a_{L−1} and the outputs, each `[R, batch, width]`.
pub fn forward(layers: &[RowLayer], x: Tensor<3>) -> Vec<Tensor<3>> {
    let mut activations = vec![x];
    for (depth, layer) in layers.iter().enumerate() {
        let z = layer.forward(activations[depth].clone());
        let last = depth + 1 == layers.len();
        activations.push(if last { z } else { relu(z) });
    }
    activations
}

/// ‖r‖² of each run.
pub fn squared(residual: Tensor<3>) -> Tensor<1> {
    let [runs, size, outputs] = residual.dims();
    let residual = residual.reshape([runs, size * outputs]);
    (residual.clone() * residual).sum_dim(1).reshape([runs])
}
