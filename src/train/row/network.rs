//! R perceptrons of one shape on one device, trained together.

use burn_tensor::{Device, Int, Tensor, TensorData};

use super::super::error::EngineError;
use super::super::motion::Motion;
use super::super::training_point::TrainingPoint;
use super::kernels;
use super::layer::{RowLayer, floats};
use super::row_motion::RowMotion;
use super::step::{Batches, Functions, forward, steps};
use crate::data::Dataset;
use crate::loss::Loss;
use crate::net::{Activation, Layer, Weights};
use crate::optimizer::Optimizer;

/// Samples of the full-data loss computed at once, which bounds the memory of the activations.
const LOSS_SAMPLES: usize = 256;

/// R networks and the data they share.
pub struct RowNetwork {
    layers: Vec<RowLayer>,
    runs: usize,
    inputs: Tensor<2>,
    targets: Tensor<2>,
    device: Device,
    loss: Loss,
    loss_infimum: f64,
    /// That of all networks.
    optimizer: Optimizer,
    /// That of the networks.
    activation: Activation,
    /// Whether small batches may use the GPU's own kernels.
    kernels: bool,
}

impl RowNetwork {
    /// An empty row with its data on `device`; steps are tensor operations.
    pub fn new(data: &Dataset, loss: Loss, device: &Device) -> Self {
        let device = device.clone().inner();
        let matrix = |values: &[f32], columns| {
            Tensor::from_data(TensorData::new(values.to_vec(), [data.samples, columns]), &device)
        };
        Self {
            layers: Vec::new(),
            runs: 0,
            inputs: matrix(&data.inputs, data.features),
            targets: matrix(&data.targets, data.outputs),
            device,
            loss,
            loss_infimum: loss.infimum(&data.targets, data.outputs),
            optimizer: Optimizer::default(),
            activation: Activation::default(),
            kernels: false,
        }
    }

    /// The same empty row with another optimizer.
    #[must_use]
    pub fn with_optimizer(self, optimizer: Optimizer) -> Self {
        Self { optimizer, ..self }
    }

    /// Uses the GPU's own kernels for small batches.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    #[must_use]
    pub fn with_kernels(self) -> Self {
        Self { kernels: true, ..self }
    }

    /// Whether steps of this batch size use the GPU's own kernels: one hidden layer, few outputs, a
    /// small batch, ReLU, the squared error and plain SGD.
    pub fn uses_kernels(&self, batch_size: usize) -> bool {
        let [_, outputs] = self.targets.dims();
        self.kernels
            && self.loss.function().is_squared()
            && self.activation.is_relu()
            && self.optimizer == Optimizer::Sgd
            && kernels::supports(self.layers.len(), outputs, batch_size)
    }

    /// An empty row on the same device and data.
    pub fn empty_like(&self) -> Self {
        Self {
            layers: Vec::new(),
            runs: 0,
            inputs: self.inputs.clone(),
            targets: self.targets.clone(),
            device: self.device.clone(),
            loss: self.loss,
            loss_infimum: self.loss_infimum,
            optimizer: self.optimizer,
            activation: self.activation,
            kernels: self.kernels,
        }
    }

    /// R.
    pub fn runs(&self) -> usize {
        self.runs
    }

    /// n.
    pub fn samples(&self) -> usize {
        self.inputs.dims()[0]
    }

    /// The infimum of the full-data loss over all outputs.
    pub fn loss_infimum(&self) -> f64 {
        self.loss_infimum
    }

    /// Appends networks of one shape and activation, before their first step.
    pub fn append(&mut self, networks: &[Weights]) {
        let points: Vec<TrainingPoint> = networks.iter().cloned().map(Into::into).collect();
        self.append_points(&points);
    }

    /// Appends networks of one shape and activation with their velocities, if the optimizer uses them.
    pub fn append_points(&mut self, networks: &[TrainingPoint]) {
        let Some(first) = networks.first() else { return };
        self.activation = first.weights.activation;
        let old = std::mem::take(&mut self.layers);
        let mut old = old.into_iter();
        self.layers = (0..first.weights.layers.len())
            .map(|depth| {
                let added = self.stacked(networks, depth);
                match old.next() {
                    Some(layer) => layer.concat(added),
                    None => added,
                }
            })
            .collect();
        self.runs += networks.len();
        self.device.memory_cleanup();
    }

    /// One layer of networks that are to be appended.
    fn stacked(&self, networks: &[TrainingPoint], depth: usize) -> RowLayer {
        let layers = networks.iter().map(|network| &network.weights.layers[depth]);
        let stacked = RowLayer::stack(layers, &self.device);
        if !Motion::has_velocity(self.optimizer) {
            return stacked;
        }
        if networks.iter().all(|network| network.velocity.is_none()) {
            return stacked.at_rest();
        }
        let velocities: Vec<Layer> = networks
            .iter()
            .map(|network| match &network.velocity {
                Some(velocity) => velocity.layers[depth].clone(),
                None => zeros_like(&network.weights.layers[depth]),
            })
            .collect();
        stacked.with_velocity(RowLayer::stack(velocities.iter(), &self.device))
    }

    /// Keeps the networks of `slots` only, in this order.
    pub fn retain(&mut self, slots: &[usize]) {
        let layers = std::mem::take(&mut self.layers);
        if !slots.is_empty() {
            let slots = self.indices(slots);
            self.layers = layers.into_iter().map(|layer| layer.select(slots.clone())).collect();
        }
        self.runs = slots.len();
        self.device.memory_cleanup();
    }

    /// One network, copied to host memory.
    ///
    /// # Errors
    /// The device failed.
    pub fn weights(&self, slot: usize) -> Result<Weights, EngineError> {
        let layers = self.layers.iter().map(|layer| layer.read(slot)).collect::<Result<_, _>>()?;
        Ok(Weights { activation: self.activation, layers })
    }

    /// One network and its velocity, if its optimizer has one.
    ///
    /// # Errors
    /// The device failed.
    pub fn point(&self, slot: usize) -> Result<TrainingPoint, EngineError> {
        let layers = self.layers.iter().map(|layer| layer.read_velocity(slot));
        let layers = layers.collect::<Result<Option<_>, _>>()?;
        let velocity = layers.map(|layers| Weights { activation: self.activation, layers });
        Ok(TrainingPoint { weights: self.weights(slot)?, velocity })
    }

    /// [`Engine::steps`](crate::train::Engine::steps) of every network: its own order and step size,
    /// all of one batch size and length. Returns Σ ℓ_i of each.
    ///
    /// # Errors
    /// The device failed. A diverging loss is not an error; it is returned as a value that is not finite.
    pub fn steps(
        &mut self,
        orders: &[&[u32]],
        batch_size: usize,
        rates: &[f64],
    ) -> Result<Vec<f64>, EngineError> {
        let batches = Batches {
            inputs: self.inputs.clone(),
            targets: self.targets.clone(),
            order: self.indices(&interleave(orders, batch_size)),
            length: orders.first().map_or(0, |order| order.len()),
            batch_size,
        };
        let scale = scales(rates, self.loss, batch_size, &self.device);
        #[cfg(any(feature = "wgpu", feature = "cuda"))]
        if self.uses_kernels(batch_size) {
            let (layers, total) = kernels::steps(&self.layers, &batches, scale)?;
            self.layers = layers;
            return self.losses(total);
        }
        let layers = std::mem::take(&mut self.layers);
        let motion = (self.optimizer != Optimizer::Sgd)
            .then(|| RowMotion::new(self.optimizer, rates, &self.device));
        let functions = Functions {
            loss: self.loss.function(),
            activation: self.activation.function(),
            motion: motion.as_ref(),
        };
        let (layers, total) = match functions.motion {
            None => steps(layers, batches, functions, scale),
            Some(motion) => {
                // κg is a step of −κ along the gradient.
                let unit = vec![-motion.kick; rates.len()];
                let scale = scales(&unit, self.loss, batch_size, &self.device);
                steps(layers, batches, functions, scale)
            }
        };
        self.layers = layers;
        self.losses(total)
    }

    /// The full-data loss (1/n) Σ ℓ_i of the networks of `slots`.
    ///
    /// # Errors
    /// The device failed.
    pub fn loss(&self, slots: &[usize]) -> Result<Vec<f64>, EngineError> {
        if slots.is_empty() {
            return Ok(Vec::new());
        }
        let all = slots.len() == self.runs;
        let slots_on_device = self.indices(slots);
        let layers: Vec<RowLayer> =
            self.layers
                .iter()
                .map(|layer| {
                    if all { layer.clone() } else { layer.clone().select(slots_on_device.clone()) }
                })
                .collect();
        let samples = self.samples();
        let mut total = Tensor::<1>::zeros([slots.len()], &self.device);
        for start in (0..samples).step_by(LOSS_SAMPLES) {
            let rows = start..(start + LOSS_SAMPLES).min(samples);
            let x = self.inputs.clone().slice([rows.clone()]).unsqueeze::<3>();
            let y = self.targets.clone().slice([rows]).unsqueeze::<3>();
            let outputs =
                forward(&layers, self.activation.function(), x).pop().unwrap_or_else(|| y.clone());
            total = total + self.loss.function().batched(outputs, y).0;
        }
        let losses = self.losses(total)?;
        Ok(losses.into_iter().map(|loss| loss / samples as f64).collect())
    }

    fn indices<T: Copy + TryInto<i32>>(&self, values: &[T]) -> Tensor<1, Int> {
        let values: Vec<i32> =
            values.iter().map(|&value| value.try_into().unwrap_or(i32::MAX)).collect();
        let count = values.len();
        Tensor::from_data(TensorData::new(values, [count]), &self.device)
    }

    /// Σ ℓ from Σ φ, ℓ = c φ.
    fn losses(&self, sums: Tensor<1>) -> Result<Vec<f64>, EngineError> {
        let sums = floats(sums)?;
        Ok(sums.into_iter().map(|sum| self.loss.factor() * f64::from(sum)).collect())
    }
}

/// A layer whose parameters are all 0.
fn zeros_like(layer: &Layer) -> Layer {
    let zeros = |values: &[f32]| vec![0.0; values.len()];
    Layer { weight: zeros(&layer.weight), bias: zeros(&layer.bias), ..*layer }
}

/// −κη/|b| of every run, for batches of |b| samples, κ the loss's derivative factor.
fn scales<'r>(
    rates: &'r [f64],
    loss: Loss,
    batch_size: usize,
    device: &Device,
) -> impl Fn(usize) -> Tensor<1> + use<'r> {
    let (device, factor) = (device.clone(), loss.derivative_factor());
    let of = move |size: usize| {
        let scale = |rate: &f64| (-factor * rate / size as f64) as f32;
        let values: Vec<f32> = rates.iter().map(scale).collect();
        Tensor::from_data(TensorData::new(values, [rates.len()]), &device)
    };
    let full = of(batch_size);
    move |size| if size == batch_size { full.clone() } else { of(size) }
}

/// The orders step by step, within a step run by run.
fn interleave(orders: &[&[u32]], batch_size: usize) -> Vec<u32> {
    let length = orders.first().map_or(0, |order| order.len());
    let steps = (0..length).step_by(batch_size);
    steps
        .flat_map(|start| {
            let end = (start + batch_size).min(length);
            orders.iter().flat_map(move |order| &order[start..end]).copied()
        })
        .collect()
}
