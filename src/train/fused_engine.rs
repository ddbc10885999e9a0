//! The fused kernels as an engine: one hidden layer, on the CPU.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::engine::Engine;
use super::error::EngineError;
use super::fused::{Layout, OneHidden, Parameters, Problem, SparseInputs, State};
use super::snapshot::Snapshot;
use crate::data::Dataset;
use crate::loss::Loss;
use crate::net::{Activation, Layer, Weights};

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

    /// The network in a saved state.
    ///
    /// # Errors
    /// A state of another engine or of another size.
    pub fn restore(mut saved: Snapshot, data: &Dataset, loss: Loss) -> Result<Self, EngineError> {
        let layout = saved.facts["layout"].as_str().and_then(Layout::from_name);
        let layout = layout.ok_or_else(|| fault("the saved state has no layout".to_owned()))?;
        let count = |name: &str| saved.facts[name].as_u64().unwrap_or(0);
        let (active, evaluated) = (count("on"), count("seen"));
        let stored = Parameters {
            w1: saved.take("w1")?,
            b1: saved.take("b1")?,
            w2: saved.take("w2")?,
            b2: saved.take("b2")?,
        };
        let (offset, response) = (saved.take("offset")?, saved.take("response")?);
        let state = State { stored, offset, response, layout, active, evaluated };
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
        let State { stored, offset, response, layout, active, evaluated } = self.network.state();
        let arrays = [
            ("w1", stored.w1),
            ("b1", stored.b1),
            ("w2", stored.w2),
            ("b2", stored.b2),
            ("offset", offset),
            ("response", response),
        ];
        let arrays: BTreeMap<String, Vec<f32>> =
            arrays.into_iter().map(|(name, values)| (name.to_owned(), values)).collect();
        Ok(Snapshot {
            arrays,
            facts: json!({ "layout": layout.name(), "on": active, "seen": evaluated }),
        })
    }

    fn weights(&self) -> Result<Weights, EngineError> {
        let Parameters { w1, b1, w2, b2 } = self.network.parameters();
        let (hidden, outputs) = (b1.len(), b2.len());
        let first = Layer { outputs: hidden, inputs: self.inputs, weight: w1, bias: b1 };
        let second = Layer { outputs, inputs: hidden, weight: w2, bias: b2 };
        Ok(Weights { activation: Activation::Relu, layers: vec![first, second] })
    }
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
