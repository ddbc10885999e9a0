//! A point of training: where the parameters are, and how they move.

use super::error::EngineError;
use super::snapshot::Snapshot;
use crate::net::{Activation, Layer, Weights, Widths};

/// The parameters and, once an optimizer with momentum has made a step, their velocity.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingPoint {
    pub weights: Weights,
    pub velocity: Option<Weights>,
}

/// What follows the names of the arrays of a velocity.
const VELOCITY: &str = ".velocity";

impl From<Weights> for TrainingPoint {
    /// Before the first step.
    fn from(weights: Weights) -> Self {
        Self { weights, velocity: None }
    }
}

impl From<TrainingPoint> for Snapshot {
    fn from(point: TrainingPoint) -> Self {
        let mut snapshot = Self::default();
        insert(&mut snapshot, point.weights, "");
        if let Some(velocity) = point.velocity {
            insert(&mut snapshot, velocity, VELOCITY);
        }
        snapshot
    }
}

impl TrainingPoint {
    /// The point of a snapshot that was made of one.
    ///
    /// # Errors
    /// Arrays that are missing or do not have the sizes of `widths`.
    pub fn from_snapshot(
        mut snapshot: Snapshot,
        widths: &Widths,
        activation: Activation,
    ) -> Result<Self, EngineError> {
        let weights = take(&mut snapshot, widths, activation, "")?;
        let moves = snapshot.arrays.keys().any(|name| name.ends_with(VELOCITY));
        let velocity = moves.then(|| take(&mut snapshot, widths, activation, VELOCITY));
        Ok(Self { weights, velocity: velocity.transpose()? })
    }
}

/// Adds the arrays of `weights`, with `suffix` at the end of their names.
fn insert(snapshot: &mut Snapshot, weights: Weights, suffix: &str) {
    for (depth, layer) in weights.layers.into_iter().enumerate() {
        snapshot.arrays.insert(format!("{depth}.weight{suffix}"), layer.weight);
        snapshot.arrays.insert(format!("{depth}.bias{suffix}"), layer.bias);
    }
}

/// Takes the arrays that [`insert`] added.
fn take(
    snapshot: &mut Snapshot,
    widths: &Widths,
    activation: Activation,
    suffix: &str,
) -> Result<Weights, EngineError> {
    let mut layers = Vec::new();
    for (depth, (inputs, outputs)) in widths.layers().enumerate() {
        let weight = snapshot.take(&format!("{depth}.weight{suffix}"))?;
        let bias = snapshot.take(&format!("{depth}.bias{suffix}"))?;
        if weight.len() != inputs * outputs || bias.len() != outputs {
            let fault = format!("layer {depth} of the saved state has another size");
            return Err(EngineError { engine: "saved", fault });
        }
        layers.push(Layer { outputs, inputs, weight, bias });
    }
    Ok(Weights { activation, layers })
}
