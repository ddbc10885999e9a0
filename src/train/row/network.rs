//! R perceptrons of one shape on one device, stepped together.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::super::engine::EngineError;
use super::kernels;
use super::layer::{RowLayer, floats};
use super::step::{Course, forward, squared, steps};
use crate::data::Dataset;
use crate::net::Weights;

/// Samples of the full-data loss computed at once: bounds the memory of the activations.
const LOSS_ROWS: usize = 256;

/// R networks and the data they share.
pub struct RowNetwork {
    layers: Vec<RowLayer>,
    runs: usize,
    inputs: Tensor<2>,
    targets: Tensor<2>,
    device: Device,
    /// c of the loss.
    factor: f64,
    /// Whether steps may be taken by the GPU's own kernels.
    kernels: bool,
}

impl RowNetwork {
    /// No networks yet, and the data on `device`; steps are tensor operations.
    pub fn new(data: &Dataset, factor: f64, device: &Device) -> Self {
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
            factor,
            kernels: false,
        }
    }

    /// Steps of small batches by the GPU's own kernels.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    #[must_use]
    pub fn with_kernels(self) -> Self {
        Self { kernels: true, ..self }
    }

    /// Whether steps of this batch size are taken by the GPU's own kernels: one hidden layer, few
    /// outputs, small batches.
    pub fn has_kernels(&self, batch_size: usize) -> bool {
        let [_, outputs] = self.targets.dims();
        self.kernels && kernels::suit(self.layers.len(), outputs, batch_size)
    }

    /// A row without networks on the same device and data.
    pub fn sibling(&self) -> Self {
        Self {
            layers: Vec::new(),
            runs: 0,
            inputs: self.inputs.clone(),
            targets: self.targets.clone(),
            device: self.device.clone(),
            factor: self.factor,
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

    /// Adds networks of one shape behind those there are.
    pub fn join(&mut self, networks: &[Weights]) {
        let Some(first) = networks.first() else { return };
        let old = std::mem::take(&mut self.layers);
        let mut old = old.into_iter();
        self.layers = (0..first.layers.len())
            .map(|depth| {
                let added =
                    RowLayer::stack(networks.iter().map(|n| &n.layers[depth]), &self.device);
                match old.next() {
                    Some(layer) => layer.followed_by(added),
                    None => added,
                }
            })
            .collect();
        self.runs += networks.len();
        self.device.memory_cleanup();
    }

    /// Drops all networks but those of `slots`, in this order.
    pub fn keep(&mut self, slots: &[usize]) {
        let layers = std::mem::take(&mut self.layers);
        if !slots.is_empty() {
            let slots = self.indices(slots);
            self.layers = layers.into_iter().map(|layer| layer.select(slots.clone())).collect();
        }
        self.runs = slots.len();
        self.device.memory_cleanup();
    }

    /// One network, copied to plain memory.
    ///
    /// # Errors
    /// The device failed.
    pub fn weights(&self, slot: usize) -> Result<Weights, EngineError> {
        let layers = self.layers.iter().map(|layer| layer.read(slot)).collect::<Result<_, _>>()?;
        Ok(Weights { layers })
    }

    /// [`Engine::steps`](crate::train::Engine::steps) of every network: its own order and step size,
    /// all of one batch size and length. Returns Σ ℓ_i of each.
    ///
    /// # Errors
    /// The device failed; a diverging loss is no error but a value that is not finite.
    pub fn steps(
        &mut self,
        orders: &[&[u32]],
        batch_size: usize,
        rates: &[f64],
    ) -> Result<Vec<f64>, EngineError> {
        let course = Course {
            inputs: self.inputs.clone(),
            targets: self.targets.clone(),
            order: self.indices(&interleave(orders, batch_size)),
            length: orders.first().map_or(0, |order| order.len()),
            batch_size,
        };
        let scale = scales(rates, self.factor, batch_size, &self.device);
        #[cfg(any(feature = "wgpu", feature = "cuda"))]
        if self.has_kernels(batch_size) {
            let (layers, total) = kernels::steps(&self.layers, &course, scale)?;
            self.layers = layers;
            return self.losses(total);
        }
        let layers = std::mem::take(&mut self.layers);
        let (layers, total) = steps(layers, course, scale);
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
        let every = slots.len() == self.runs;
        let chosen = self.indices(slots);
        let layers: Vec<RowLayer> = self
            .layers
            .iter()
            .map(|layer| if every { layer.clone() } else { layer.clone().select(chosen.clone()) })
            .collect();
        let samples = self.samples();
        let mut total = Tensor::<1>::zeros([slots.len()], &self.device);
        for start in (0..samples).step_by(LOSS_ROWS) {
            let rows = start..(start + LOSS_ROWS).min(samples);
            let x = self.inputs.clone().slice([rows.clone()]).unsqueeze::<3>();
            let y = self.targets.clone().slice([rows]).unsqueeze::<3>();
            let outputs = forward(&layers, x).pop().unwrap_or_else(|| y.clone());
            total = total + squared(outputs - y);
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

    fn losses(&self, errors: Tensor<1>) -> Result<Vec<f64>, EngineError> {
        let losses = floats(errors)?;
        Ok(losses.into_iter().map(|error| self.factor * f64::from(error)).collect())
    }
}

/// −2cη/|b| of every run, for batches of |b| samples.
fn scales<'r>(
    rates: &'r [f64],
    factor: f64,
    batch_size: usize,
    device: &Device,
) -> impl Fn(usize) -> Tensor<1> + use<'r> {
    let device = device.clone();
    let of = move |size: usize| {
        let scale = |rate: &f64| (-2.0 * factor * rate / size as f64) as f32;
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
