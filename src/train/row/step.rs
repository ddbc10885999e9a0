//! Steps of a row as tensor operations: any backend, any batch size.

use burn_tensor::{Int, Tensor};

use super::layer::RowLayer;
use super::row_motion::RowMotion;
use crate::loss::LossFunction;
use crate::net::activation::ActivationFunction;

/// The batches of consecutive steps of all runs.
pub struct Batches {
    /// `[n, f]`.
    pub inputs: Tensor<2>,
    /// `[n, q]`.
    pub targets: Tensor<2>,
    /// Sample indices step by step, within a step run by run.
    pub order: Tensor<1, Int>,
    /// Samples of each run.
    pub length: usize,
    /// B.
    pub batch_size: usize,
}

/// What the steps need besides weights and batches.
#[derive(Clone, Copy)]
pub struct Functions<'a> {
    pub loss: &'static dyn LossFunction,
    pub activation: &'static dyn ActivationFunction,
    /// How the parameters move along their gradient; `None` adds what the backward pass finds.
    pub motion: Option<&'a RowMotion>,
}

/// One step of the optimizer of every network for each of `batches`, and Σ φ of each network, ℓ = c φ.
///
/// `scale` is what residuals are multiplied by, `[R]`, for a batch of that size: κ/|b|, κ the loss's derivative
/// factor, and without a motion −κη/|b|, which makes θ ← θ − (η/|b|) Σ ∇ℓ.
pub fn steps(
    mut layers: Vec<RowLayer>,
    batches: Batches,
    functions: Functions<'_>,
    scale: impl Fn(usize) -> Tensor<1>,
) -> (Vec<RowLayer>, Tensor<1>) {
    let Batches { inputs, targets, order, length, batch_size } = batches;
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
        (layers, total) = step(layers, batch, functions, total);
    }
    (layers, total)
}

/// The samples of one step.
struct Batch {
    /// `[R, |b|, f]`.
    inputs: Tensor<3>,
    /// `[R, |b|, q]`.
    targets: Tensor<3>,
    /// κ/|b| or −κη/|b|, `[R, 1, 1]`: applied to the residual, so that every product of the backward pass is a
    /// gradient or is added to the weights as it is.
    scale: Tensor<3>,
}

/// One step of every network; adds Σ φ of its batch before the step to its `total`.
fn step(
    layers: Vec<RowLayer>,
    batch: Batch,
    functions: Functions<'_>,
    total: Tensor<1>,
) -> (Vec<RowLayer>, Tensor<1>) {
    let Functions { loss, activation, motion } = functions;
    let mut activations = forward(&layers, activation, batch.inputs);
    let Some(outputs) = activations.pop() else { return (layers, total) };
    let (sum, residual) = loss.batched(outputs, batch.targets);
    let total = total + sum;
    let mut delta = residual * batch.scale;
    let mut updated = Vec::with_capacity(layers.len());
    for (depth, layer) in layers.into_iter().enumerate().rev() {
        let Some(input) = activations.pop() else { break };
        let back =
            (depth > 0).then(|| activation.batched_backward(layer.backward(delta.clone()), &input));
        updated.push(match motion {
            Some(motion) => layer.moved(input, delta.clone(), motion),
            None => layer.add(input, delta.clone()),
        });
        delta = back.unwrap_or(delta);
    }
    updated.reverse();
    (updated, total)
}

/// a_0 = x, …, a_{L−1} and the outputs, each `[R, batch, width]`.
pub fn forward(
    layers: &[RowLayer],
    activation: &dyn ActivationFunction,
    x: Tensor<3>,
) -> Vec<Tensor<3>> {
    let mut activations = vec![x];
    for (depth, layer) in layers.iter().enumerate() {
        let z = layer.forward(activations[depth].clone());
        let last = depth + 1 == layers.len();
        activations.push(if last { z } else { activation.batched(z) });
    }
    activations
}
