//! Everything that the coming steps of an engine depend on, bit for bit.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::EngineError;
use crate::net::{Activation, Layer, Weights, Widths};

/// Named single-precision arrays and a few facts in JSON. An optimizer with a memory, as of velocities, adds
/// arrays of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    pub arrays: BTreeMap<String, Vec<f32>>,
    pub facts: Value,
}

impl Snapshot {
    /// Removes the array `name` and returns it.
    ///
    /// # Errors
    /// The array is missing.
    pub fn take(&mut self, name: &str) -> Result<Vec<f32>, EngineError> {
        self.arrays.remove(name).ok_or_else(|| EngineError {
            engine: "saved",
            fault: format!("the saved state lacks the array {name}"),
        })
    }

    /// A snapshot of the parameters alone.
    pub fn of_weights(weights: &Weights) -> Self {
        let mut arrays = BTreeMap::new();
        for (depth, layer) in weights.layers.iter().enumerate() {
            arrays.insert(format!("{depth}.weight"), layer.weight.clone());
            arrays.insert(format!("{depth}.bias"), layer.bias.clone());
        }
        Self { arrays, facts: Value::Null }
    }

    /// The parameters of a snapshot by [`Snapshot::of_weights`].
    ///
    /// # Errors
    /// Arrays that are missing or do not have the sizes of `widths`.
    pub fn into_weights(
        mut self,
        widths: &Widths,
        activation: Activation,
    ) -> Result<Weights, EngineError> {
        let mut layers = Vec::new();
        for (depth, (inputs, outputs)) in widths.layers().enumerate() {
            let weight = self.take(&format!("{depth}.weight"))?;
            let bias = self.take(&format!("{depth}.bias"))?;
            if weight.len() != inputs * outputs || bias.len() != outputs {
                let fault = format!("layer {depth} of the saved state has another size");
                return Err(EngineError { engine: "saved", fault });
            }
            layers.push(Layer { outputs, inputs, weight, bias });
        }
        Ok(Weights { activation, layers })
    }
}
