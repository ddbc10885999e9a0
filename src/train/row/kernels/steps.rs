//! Consecutive steps of all networks.

use burn_tensor::Tensor;

use super::launcher::{Launcher, fault};
use super::packed::Packed;
use super::shape::Shape;
use crate::train::error::EngineError;
use crate::train::row::{layer::RowLayer, step::Batches};

/// [`step::steps`](crate::train::row::step::steps), in two launches a step.
///
/// # Errors
/// The device does not run these kernels.
pub fn steps(
    layers: &[RowLayer],
    batches: &Batches,
    scale: impl Fn(usize) -> Tensor<1>,
) -> Result<(Vec<RowLayer>, Tensor<1>), EngineError> {
    let [first, second] = layers else { return Err(fault("not two layers")) };
    let shape = Shape::of(first, batches);
    let [first, second] = [first, second].map(|layer| layer.clone().into_parts());
    let weights = first.0.reshape([shape.runs * shape.features * shape.hidden]);
    let packed = Packed::new(shape, first.1, second);
    let loss = Tensor::<1>::zeros([shape.runs * batches.batch_size], &weights.device());
    let mut launcher = Launcher::new(shape, batches, &weights, &packed, &loss)?;
    for start in (0..batches.length).step_by(batches.batch_size) {
        let size = batches.batch_size.min(batches.length - start);
        launcher.step(start * shape.runs, size, scale(size))?;
    }
    let current = launcher.finish();
    let weights = weights.reshape([shape.runs, shape.features, shape.hidden]);
    let (bias, second) = packed.unpack(shape, current);
    let layers =
        vec![RowLayer::from_parts(weights, bias), RowLayer::from_parts(second.0, second.1)];
    Ok((layers, loss.reshape([shape.runs, batches.batch_size]).sum_dim(1).reshape([shape.runs])))
}
