//! Launches the kernels of consecutive steps.

use burn_backend::BackendTypes;
use burn_dispatch::backends::Cube;
use burn_tensor::{DType, Tensor};
use cubecl::client::Client;
use cubecl::prelude::{BufferArg, CubeCount, CubeDim};

use super::first_layer::first_layer;
use super::geometry::GeometryLaunch;
use super::output_layer::{THREADS, output_layer};
use super::packed::Packed;
use super::shape::Shape;
use crate::train::error::EngineError;
use crate::train::row::step::Batches;

/// Threads of a cube of [`first_layer`].
const CUBE_WIDTH: usize = 64;

type Floats = <Cube as BackendTypes>::FloatTensorPrimitive;

/// A batch in the list of sample indices.
#[derive(Debug, Clone, Copy, Default)]
struct Batch {
    start: usize,
    size: usize,
}

/// Buffers on the device, and the state of the steps.
pub struct Launcher {
    client: Client,
    shape: Shape,
    inputs: Floats,
    targets: Floats,
    order: <Cube as BackendTypes>::IntTensorPrimitive,
    weights: Floats,
    packed: [Floats; 2],
    /// Which of `packed` holds the current parameters.
    current: usize,
    loss: Floats,
    /// B: the samples that `loss`, `hidden` and `residual` are allocated for.
    max_batch: usize,
    hidden: Floats,
    residual: Floats,
    partial: Floats,
    /// The batch whose gradient has not been applied to `weights` yet.
    last: Batch,
}

impl Launcher {
    /// Allocates the buffers.
    ///
    /// # Errors
    /// Tensors that are not on a device of CubeCL.
    pub fn new(
        shape: Shape,
        batches: &Batches,
        weights: &Tensor<1>,
        packed: &Packed,
        loss: &Tensor<1>,
    ) -> Result<Self, EngineError> {
        let max_batch = batches.batch_size;
        let chunks = shape.features.div_ceil(shape.chunk());
        let allocate = |length: usize| floats(Tensor::<1>::empty([length], &weights.device()));
        let weights = floats(weights.clone())?;
        let order = batches.order.clone().try_into_primitive::<Cube>().map_err(fault)?;
        assert!(matches!(order.dtype, DType::I32 | DType::U32), "indices of 32 bits");
        Ok(Self {
            client: weights.client.clone(),
            shape,
            inputs: flat(&batches.inputs)?,
            targets: flat(&batches.targets)?,
            order,
            weights,
            packed: [floats(packed.0[0].clone())?, floats(packed.0[1].clone())?],
            current: 0,
            loss: floats(loss.clone())?,
            max_batch,
            hidden: allocate(shape.runs * max_batch * shape.hidden)?,
            residual: allocate(shape.runs * max_batch * shape.outputs)?,
            partial: allocate(chunks * shape.runs * max_batch * shape.hidden)?,
            last: Batch::default(),
        })
    }

    /// One step on `size` samples of every run, from index `start` on.
    ///
    /// # Errors
    /// `scale` is not on the device.
    pub fn step(&mut self, start: usize, size: usize, scale: Tensor<1>) -> Result<(), EngineError> {
        let scale = floats(scale)?;
        let next = Batch { start, size };
        self.first_layer(next);
        self.output_layer(next, scale);
        self.last = next;
        Ok(())
    }

    /// Applies the last gradient; returns which of the packed buffers holds the parameters.
    pub fn finish(mut self) -> usize {
        self.first_layer(Batch::default());
        self.current
    }

    fn first_layer(&mut self, next: Batch) {
        let Shape { runs, features, outputs, .. } = self.shape;
        let (units, chunk) = (self.shape.units(), self.shape.chunk());
        let count = CubeCount::Static(
            units.div_ceil(CUBE_WIDTH) as u32,
            features.div_ceil(chunk) as u32,
            runs as u32,
        );
        let geometry = GeometryLaunch::new(
            runs as u32,
            features as u32,
            units as u32,
            self.last.start as u32,
            next.start as u32,
        );
        first_layer::launch(
            &self.client,
            count,
            CubeDim::new_1d(CUBE_WIDTH as u32),
            self.shape.lanes(),
            buffer(&self.inputs),
            self.order.clone().into_buffer_arg(),
            buffer(&self.weights),
            buffer(&self.packed[self.current]),
            buffer(&self.packed[1 - self.current]),
            buffer(&self.hidden),
            buffer(&self.residual),
            buffer(&self.partial),
            geometry,
            chunk as u32,
            self.last.size,
            next.size,
            outputs,
        );
        if self.last.size > 0 {
            self.current = 1 - self.current;
        }
    }

    fn output_layer(&self, batch: Batch, scale: Floats) {
        let Shape { runs, features, outputs, .. } = self.shape;
        output_layer::launch(
            &self.client,
            CubeCount::Static(batch.size as u32, runs as u32, 1),
            CubeDim::new_1d(THREADS),
            buffer(&self.targets),
            self.order.clone().into_buffer_arg(),
            buffer(&self.packed[self.current]),
            scale.into_buffer_arg(),
            buffer(&self.partial),
            buffer(&self.hidden),
            buffer(&self.residual),
            buffer(&self.loss),
            self.shape.hidden as u32,
            runs as u32,
            features.div_ceil(self.shape.chunk()) as u32,
            self.shape.packed_length() as u32,
            self.max_batch as u32,
            batch.start as u32,
            batch.size,
            outputs,
        );
    }
}

fn buffer(tensor: &Floats) -> BufferArg {
    tensor.clone().into_buffer_arg()
}

fn flat(matrix: &Tensor<2>) -> Result<Floats, EngineError> {
    let [rows, columns] = matrix.dims();
    floats(matrix.clone().reshape([rows * columns]))
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Result<Floats, EngineError> {
    tensor.try_into_primitive::<Cube>().map_err(fault)
}

pub fn fault(error: impl std::fmt::Debug) -> EngineError {
    EngineError { engine: "tensor", fault: format!("{error:?}") }
}
