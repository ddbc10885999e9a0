//! The fused kernels as an engine: one hidden layer, on the CPU.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::engine::Engine;
use super::error::EngineError;
use super::fused::{Frame, Layout, OneHidden, Parameters, Problem, SparseInputs, State, Velocity};
use super::snapshot::Snapshot;
use crate::data::Dataset;
use crate::loss::Loss;
use crate::net::{Activation, Layer, Weights};
use crate::optimizer::Optimizer;

/// The names of the saved arrays.
const PARTS: [&str; 6] = ["w1", "b1", "w2", "b2", "offset", "response"];
/// What follows the names of the arrays of a velocity.
const VELOCITY: &str = ".velocity";

/// One network, trained in place.
pub struct FusedEngine {
    network: OneHidden,
    inputs: usize,
    loss_infimum: f64,
}

impl FusedEngine {
    /// Whether the engine supports the network: one hidden layer with ReLU.
    pub fn supports(weights: &Weights) -> bool {
        weights.layers.len() == 2 && weights.activation.is_relu()
    }

    /// A network that starts at `weights`.
    ///
    /// # Errors
    /// Another number of hidden layers than one, another activation than ReLU, or numbers that are not
    /// finite.
    pub fn new(weights: &Weights, data: &Dataset, loss: Loss) -> Result<Self, EngineError> {
        let (true, [first, second]) = (Self::supports(weights), &weights.layers[..]) else {
            return Err(fault("it needs exactly one hidden layer, with ReLU".to_owned()));
        };
        let parameters = Parameters {
            w1: first.weight.clone(),
            b1: first.bias.clone(),
            w2: second.weight.clone(),
            b2: second.bias.clone(),
        };
        let problem = problem(data, loss)?;
        let network = OneHidden::new(problem, &parameters).map_err(|e| fault(e.to_string()))?;
        let loss_infimum = loss.infimum(&data.targets, data.outputs);
        Ok(Self { network, inputs: data.features, loss_infimum })
    }

    /// The same engine with another optimizer than plain SGD.
    #[must_use]
    pub fn with_optimizer(self, optimizer: Optimizer) -> Self {
        Self { network: self.network.with_optimizer(optimizer), ..self }
    }

    /// The network in a saved state, with plain SGD until it is given another
    /// [optimizer](Self::with_optimizer).
    ///
    /// # Errors
    /// A state of another engine or of another size.
    pub fn restore(mut saved: Snapshot, data: &Dataset, loss: Loss) -> Result<Self, EngineError> {
        let layout = saved.facts["layout"].as_str().and_then(Layout::from_name);
        let layout = layout.ok_or_else(|| fault("the saved state has no layout".to_owned()))?;
        let count = |name: &str| saved.facts[name].as_u64().unwrap_or(0);
        let (active, evaluated) = (count("on"), count("seen"));
        let (stored, offset, response) = take_parts(&mut saved, "")?;
        let frame: Option<Frame> = match saved.facts.get("frame") {
            Some(frame) => {
                let frame = serde_json::from_value(frame.clone());
                Some(frame.map_err(|error| fault(format!("the saved frame: {error}")))?)
            }
            None => None,
        };
        let moves = saved.arrays.keys().any(|name| name.ends_with(VELOCITY));
        let velocity = moves.then(|| -> Result<Velocity, EngineError> {
            let (stored, offset, response) = take_parts(&mut saved, VELOCITY)?;
            Ok(Velocity { stored, frame, offset, response })
        });
        let velocity = velocity.transpose()?;
        let state = State { stored, offset, response, velocity, layout, active, evaluated };
        let problem = problem(data, loss)?;
        let network = OneHidden::restore(problem, &state).map_err(|e| fault(e.to_string()))?;
        let loss_infimum = loss.infimum(&data.targets, data.outputs);
        Ok(Self { network, inputs: data.features, loss_infimum })
    }
}

impl Engine for FusedEngine {
    fn steps(
        &mut self,
        order: &[u32],
        batch_size: usize,
        learning_rate: f64,
    ) -> Result<f64, EngineError> {
        Ok(self.network.steps(order, batch_size, learning_rate as f32))
    }

    fn end_epoch(&mut self) {
        self.network.end_epoch();
    }

    fn loss(&mut self) -> Result<f64, EngineError> {
        Ok(self.network.full_loss())
    }

    fn loss_within(&mut self, limit: f64) -> Result<Option<f64>, EngineError> {
        Ok(self.network.full_loss_within(limit))
    }

    fn loss_infimum(&self) -> f64 {
        self.loss_infimum
    }

    fn snapshot(&self) -> Result<Snapshot, EngineError> {
        let State { stored, offset, response, velocity, layout, active, evaluated } =
            self.network.state();
        let mut arrays = BTreeMap::new();
        let mut facts = json!({ "layout": layout.name(), "on": active, "seen": evaluated });
        insert_parts(&mut arrays, stored, offset, response, "");
        if let Some(Velocity { stored, frame, offset, response }) = velocity {
            insert_parts(&mut arrays, stored, offset, response, VELOCITY);
            if let Some(frame) = frame {
                facts["frame"] = json!(frame);
            }
        }
        Ok(Snapshot { arrays, facts })
    }

    fn weights(&self) -> Result<Weights, EngineError> {
        let Parameters { w1, b1, w2, b2 } = self.network.parameters();
        let (hidden, outputs) = (b1.len(), b2.len());
        let first = Layer { outputs: hidden, inputs: self.inputs, weight: w1, bias: b1 };
        let second = Layer { outputs, inputs: hidden, weight: w2, bias: b2 };
        Ok(Weights { activation: Activation::Relu, layers: vec![first, second] })
    }
}

/// Adds arrays to a snapshot, with `suffix` at the end of their names.
fn insert_parts(
    arrays: &mut BTreeMap<String, Vec<f32>>,
    Parameters { w1, b1, w2, b2 }: Parameters,
    offset: Vec<f32>,
    response: Vec<f32>,
    suffix: &str,
) {
    let parts = [w1, b1, w2, b2, offset, response];
    let named = PARTS.iter().zip(parts);
    arrays.extend(named.map(|(name, values)| (format!("{name}{suffix}"), values)));
}

/// Takes the arrays that [`insert_parts`] added: the parameters, the offset and the response.
fn take_parts(
    saved: &mut Snapshot,
    suffix: &str,
) -> Result<(Parameters, Vec<f32>, Vec<f32>), EngineError> {
    let mut take = |name: &str| saved.take(&format!("{name}{suffix}"));
    let [w1, b1, w2, b2, offset, response] = PARTS;
    let parameters = Parameters { w1: take(w1)?, b1: take(b1)?, w2: take(w2)?, b2: take(b2)? };
    Ok((parameters, take(offset)?, take(response)?))
}

fn problem(data: &Dataset, loss: Loss) -> Result<Arc<Problem>, EngineError> {
    let inputs =
        SparseInputs::new(&data.inputs, data.features).map_err(|e| fault(e.to_string()))?;
    let problem = Problem::new(inputs, data.targets.clone(), data.outputs, loss);
    problem.map(Arc::new).map_err(|e| fault(e.to_string()))
}

fn fault(text: String) -> EngineError {
    EngineError { engine: "fused", fault: text }
}
