//! Steps of a row as tensor operations: any backend, any batch.

use burn::tensor::activation::relu;
use burn::tensor::{Int, Tensor};

use super::layer::RowLayer;

/// A stretch of steps of every run.
pub struct Course {
    /// `[n, f]`.
    pub inputs: Tensor<2>,
    /// `[n, q]`.
    pub targets: Tensor<2>,
    /// Sample indices step by step, within a step run by run.
    pub order: Tensor<1, Int>,
    /// Samples of every run.
    pub length: usize,
    /// B.
    pub batch_size: usize,
}

/// θ ← θ − (η/|b|) Σ ∇ℓ of every network along `course`, and Σ ‖f − y‖² of each. `scale` is −2cη/|b| of
/// every run, `[R]`, for a batch of that size.
pub fn steps(
    mut layers: Vec<RowLayer>,
    course: Course,
    scale: impl Fn(usize) -> Tensor<1>,
) -> (Vec<RowLayer>, Tensor<1>) {
    let Course { inputs, targets, order, length, batch_size } = course;
    let runs = order.dims()[0] / length.max(1);
    let inputs = inputs.select(0, order.clone());
    let targets = targets.select(0, order);
    let [_, features] = inputs.dims();
    let [_, outputs] = targets.dims();
    let mut total = Tensor::<1>::zeros([runs], &inputs.device());
    for start in (0..length).step_by(batch_size) {
        let size = batch_size.min(length - start);
        let rows = start * runs..(start + size) * runs;
        let batch = Batch {
            inputs: inputs.clone().slice([rows.clone()]).reshape([runs, size, features]),
            targets: targets.clone().slice([rows]).reshape([runs, size, outputs]),
            scale: scale(size).reshape([runs, 1, 1]),
        };
        (layers, total) = step(layers, batch, total);
    }
    (layers, total)
}

/// The samples of one step.
struct Batch {
    /// `[R, |b|, f]`.
    inputs: Tensor<3>,
    /// `[R, |b|, q]`.
    targets: Tensor<3>,
    /// −2cη/|b|, `[R, 1, 1]`: with it on the residual, every product of the backward pass is what
    /// is added to the weights.
    scale: Tensor<3>,
}

/// θ ← θ − (η/|b|) Σ ∇ℓ of every network, and Σ ‖f − y‖² of its batch before it onto its `total`.
fn step(layers: Vec<RowLayer>, batch: Batch, total: Tensor<1>) -> (Vec<RowLayer>, Tensor<1>) {
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
