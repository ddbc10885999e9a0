//! Everything that the coming steps of an engine depend on, bit for bit.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::EngineError;

/// Named single-precision arrays and a few facts in JSON. What an optimizer remembers, as a velocity, is in arrays
/// of its own.
#[derive(Debug, Clone, Default, PartialEq)]
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
}
