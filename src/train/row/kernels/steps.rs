//! A stretch of steps of all networks.

use burn::tensor::Tensor;

use super::head::Head;
use super::session::{Session, Shape, fault};
use crate::train::EngineError;
use crate::train::row::{layer::RowLayer, step::Course};

/// [`step::steps`](crate::train::row::step::steps), in two launches a step.
///
/// # Errors
/// The device is none that these kernels are for.
pub fn steps(
    layers: &[RowLayer],
    course: &Course,
    scale: impl Fn(usize) -> Tensor<1>,
) -> Result<(Vec<RowLayer>, Tensor<1>), EngineError> {
    let [first, second] = layers else { return Err(fault("not two layers")) };
    let shape = Shape::of(first, course);
    let [first, second] = [first, second].map(|layer| layer.clone().into_parts());
    let weights = first.0.reshape([shape.runs * shape.features * shape.hidden]);
    let heads = Head::new(shape, first.1, second);
    let loss = Tensor::<1>::zeros([shape.runs * course.batch_size], &weights.device());
    let mut session = Session::open(shape, course, &weights, &heads, &loss)?;
    for start in (0..course.length).step_by(course.batch_size) {
        let size = course.batch_size.min(course.length - start);
        session.step(start * shape.runs, size, scale(size))?;
    }
    let current = session.finish();
    let weights = weights.reshape([shape.runs, shape.features, shape.hidden]);
    let (bias, second) = heads.unpack(shape, current);
    let layers =
        vec![RowLayer::from_parts(weights, bias), RowLayer::from_parts(second.0, second.1)];
    Ok((layers, loss.reshape([shape.runs, course.batch_size]).sum_dim(1).reshape([shape.runs])))
}
