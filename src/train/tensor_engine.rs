//! SGD by Burn's tensor operations and automatic differentiation: any backend, any depth.

use burn_tensor::{Device, Int, Tensor, TensorData};

use super::engine::Engine;
use super::error::EngineError;
use super::snapshot::Snapshot;
use super::training_point::TrainingPoint;
use crate::data::Dataset;
use crate::loss::Loss;
use crate::net::{Mlp, Weights};
use crate::optimizer::Optimizer;

/// Samples of the full-data loss computed at once, which bounds the memory of the activations.
const LOSS_SAMPLES: usize = 4096;

/// One network on one device.
pub struct TensorEngine {
    model: Option<Mlp>,
    inputs: Tensor<2>,
    targets: Tensor<2>,
    device: Device,
    optimizer: Optimizer,
    loss: Loss,
    loss_infimum: f64,
}

impl TensorEngine {
    /// Copies the network and the data to `device`; steps are those of plain SGD.
    pub fn new(weights: &Weights, data: &Dataset, loss: Loss, device: Device) -> Self {
        let device = device.autodiff();
        let matrix = |values: &[f32], columns| {
            Tensor::from_data(TensorData::new(values.to_vec(), [data.samples, columns]), &device)
        };
        Self {
            model: Some(Mlp::new(weights, &device)),
            inputs: matrix(&data.inputs, data.features),
            targets: matrix(&data.targets, data.outputs),
            device,
            optimizer: Optimizer::default(),
            loss,
            loss_infimum: loss.infimum(&data.targets, data.outputs),
        }
    }

    /// The same engine with another optimizer.
    #[must_use]
    pub fn with_optimizer(self, optimizer: Optimizer) -> Self {
        Self { optimizer, ..self }
    }

    /// The same engine whose parameters move with this velocity, of the network's shape.
    #[must_use]
    pub fn with_velocity(self, velocity: &Weights) -> Self {
        Self { model: self.model.map(|model| model.with_velocity(velocity)), ..self }
    }

    fn model(&self) -> Result<&Mlp, EngineError> {
        self.model.as_ref().ok_or_else(|| fault("an earlier step failed"))
    }

    /// Makes one step and returns Σ φ of the batch before it, ℓ = c φ.
    fn step(
        &mut self,
        inputs: Tensor<2>,
        targets: Tensor<2>,
        learning_rate: f64,
    ) -> Result<Tensor<1>, EngineError> {
        let model = self.model.take().ok_or_else(|| fault("an earlier step failed"))?;
        let [batch_size, _] = inputs.dims();
        let sum = self.loss.function().tensor_sum(model.forward(inputs), targets);
        let loss = sum.clone() * (self.loss.factor() / batch_size as f64);
        self.model = Some(model.step(self.optimizer, loss.backward(), learning_rate));
        Ok(sum.inner())
    }
}

impl Engine for TensorEngine {
    fn steps(
        &mut self,
        order: &[u32],
        batch_size: usize,
        learning_rate: f64,
    ) -> Result<f64, EngineError> {
        let indices: Vec<i32> = order.iter().map(|&sample| sample as i32).collect();
        let indices =
            Tensor::<1, Int>::from_data(TensorData::new(indices, [order.len()]), &self.device);
        let inputs = self.inputs.clone().select(0, indices.clone());
        let targets = self.targets.clone().select(0, indices);
        let mut total: Option<Tensor<1>> = None;
        for start in (0..order.len()).step_by(batch_size) {
            let rows = start..(start + batch_size).min(order.len());
            let (x, y) = (inputs.clone().slice([rows.clone()]), targets.clone().slice([rows]));
            let sum = self.step(x, y, learning_rate)?;
            total = Some(match total {
                Some(total) => total + sum,
                None => sum,
            });
        }
        total.map_or(Ok(0.0), |total| Ok(self.loss.factor() * scalar(total)?))
    }

    fn loss(&mut self) -> Result<f64, EngineError> {
        let model = self.model()?.without_autodiff();
        let [samples, _] = self.inputs.dims();
        let mut total = 0.0;
        for start in (0..samples).step_by(LOSS_SAMPLES) {
            let rows = start..(start + LOSS_SAMPLES).min(samples);
            let x = self.inputs.clone().slice([rows.clone()]).inner();
            let y = self.targets.clone().slice([rows]).inner();
            total += scalar(self.loss.function().tensor_sum(model.forward(x), y))?;
        }
        Ok(self.loss.factor() * total / samples as f64)
    }

    fn loss_infimum(&self) -> f64 {
        self.loss_infimum
    }

    fn snapshot(&self) -> Result<Snapshot, EngineError> {
        let velocity = self.model()?.velocity().map_err(|error| fault(&error.to_string()))?;
        Ok(TrainingPoint { weights: self.weights()?, velocity }.into())
    }

    fn weights(&self) -> Result<Weights, EngineError> {
        self.model()?.weights().map_err(|error| fault(&error.to_string()))
    }
}

fn scalar(tensor: Tensor<1>) -> Result<f64, EngineError> {
    let data = tensor.try_into_data().map_err(|error| fault(&error.to_string()))?;
    data.iter::<f64>().next().ok_or_else(|| fault("the device returned no value"))
}

fn fault(text: &str) -> EngineError {
    EngineError { engine: "tensor", fault: text.to_owned() }
}
