//! The engine for weights that are given.

use super::engine::{Engine, EngineError};
use super::fused_engine::FusedEngine;
use super::tensor_engine::TensorEngine;
use crate::data::Dataset;
use crate::device::{Backend, open_device};
use crate::net::Weights;

/// An engine on the CPU that begins at `weights`: the fused one where it can be had.
///
/// # Errors
/// Numbers that are not finite.
pub fn engine_at(
    weights: &Weights,
    data: &Dataset,
    factor: f64,
) -> Result<Box<dyn Engine>, EngineError> {
    if weights.layers.len() == 2 {
        return Ok(Box::new(FusedEngine::new(weights, data, factor)?));
    }
    let device = open_device(Backend::Flex, 0)?;
    Ok(Box::new(TensorEngine::new(weights, data, factor, device)))
}
