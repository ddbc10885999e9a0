//! The choice of the engine that trains a network.

use burn_tensor::Device;

use super::engine::Engine;
use super::error::EngineError;
use super::fused_engine::FusedEngine;
use super::snapshot::Snapshot;
use super::tensor_engine::TensorEngine;
use super::training_point::TrainingPoint;
use crate::config::RunSpec;
use crate::data::Dataset;
use crate::device::{Backend, EngineKind, open_device};
use crate::loss::Loss;
use crate::net::{Weights, initial};
use crate::optimizer::Optimizer;

/// The engine of a run, at its saved state or else at its initial point. `open` opens the device of
/// the run, if the engine needs one.
///
/// # Errors
/// A saved state of another engine or network, or a device that cannot be opened.
pub fn engine_of_run(
    spec: &RunSpec,
    data: &Dataset,
    saved: Option<Snapshot>,
    open: impl FnOnce() -> Result<Device, EngineError>,
) -> Result<Box<dyn Engine>, EngineError> {
    let loss = Loss::from(&spec.loss);
    let optimizer = spec.train.optimizer();
    match (spec.engine, saved) {
        (EngineKind::Fused, saved) => {
            let engine = match saved {
                Some(saved) => FusedEngine::restore(saved, data, loss)?,
                None => FusedEngine::new(&start_of_run(spec, data, None)?.weights, data, loss)?,
            };
            Ok(Box::new(engine.with_optimizer(optimizer)))
        }
        (EngineKind::Tensor, saved) => {
            let TrainingPoint { weights, velocity } = start_of_run(spec, data, saved)?;
            let engine = TensorEngine::new(&weights, data, loss, open()?);
            let engine = engine.with_optimizer(optimizer);
            Ok(Box::new(match velocity {
                Some(velocity) => engine.with_velocity(&velocity),
                None => engine,
            }))
        }
    }
}

/// Where a run of the tensor engine starts: at its saved point, or else at the initial one.
///
/// # Errors
/// A saved state of another engine or network.
pub fn start_of_run(
    spec: &RunSpec,
    data: &Dataset,
    saved: Option<Snapshot>,
) -> Result<TrainingPoint, EngineError> {
    let widths = spec.model.widths(data.features, data.outputs);
    match saved {
        Some(saved) => TrainingPoint::from_snapshot(saved, &widths, spec.model.activation()),
        None => Ok(initial(&widths, &spec.model).into()),
    }
}

/// An engine on the CPU that starts at `weights`, without a velocity: the fused one if it supports the network.
///
/// # Errors
/// Numbers that are not finite.
pub fn engine_at(
    weights: &Weights,
    data: &Dataset,
    loss: Loss,
    optimizer: Optimizer,
) -> Result<Box<dyn Engine>, EngineError> {
    if FusedEngine::supports(weights) {
        return Ok(Box::new(FusedEngine::new(weights, data, loss)?.with_optimizer(optimizer)));
    }
    let device = open_device(Backend::Flex, 0)?;
    Ok(Box::new(TensorEngine::new(weights, data, loss, device).with_optimizer(optimizer)))
}
