//! The launches of consecutive steps.

use burn::backend::{BackendTypes, Cube};
use burn::cubecl::client::Client;
use burn::cubecl::prelude::{BufferArg, CubeCount, CubeDim};
use burn::tensor::{DType, Tensor};

use super::advance::advance;
use super::head::Head;
use super::place::PlaceLaunch;
use super::respond::{THREADS, respond};
use crate::train::EngineError;
use crate::train::row::layer::RowLayer;
use crate::train::row::step::Course;

/// Threads of a cube of [`advance`].
const WIDTH: usize = 64;
/// Threads that keep a large GPU's memory busy.
const BUSY: usize = 1 << 17;
/// Inputs of a chunk at least, so that the partial products stay small against W1.
const LEAST_CHUNK: usize = 64;

type Floats = <Cube as BackendTypes>::FloatTensorPrimitive;

/// R, f, h and q.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub runs: usize,
    pub features: usize,
    pub hidden: usize,
    pub outputs: usize,
}

impl Shape {
    /// Of networks with this first layer that `course` trains.
    pub fn of(first: &RowLayer, course: &Course) -> Self {
        let [runs, features, hidden] = first.dims();
        Self { runs, features, hidden, outputs: course.targets.dims()[1] }
    }

    /// N: hidden units of a vector.
    fn lanes(self) -> usize {
        [4, 2].into_iter().find(|lanes| self.hidden.is_multiple_of(*lanes)).unwrap_or(1)
    }

    /// h/N.
    fn units(self) -> usize {
        self.hidden / self.lanes()
    }

    /// q·h + h + q, filled up to whole vectors.
    pub fn head_length(self) -> usize {
        (self.outputs + 1) * self.hidden + self.outputs.next_multiple_of(self.lanes())
    }

    /// Inputs of a chunk: enough chunks to keep the device busy.
    fn chunk(self) -> usize {
        let wanted = BUSY.div_ceil(self.runs * self.units());
        let most = self.features.div_ceil(LEAST_CHUNK);
        self.features.div_ceil(wanted.clamp(1, most))
    }
}

/// A batch in the order.
#[derive(Debug, Clone, Copy, Default)]
struct Batch {
    at: usize,
    size: usize,
}

/// Buffers on the device, and where the steps stand.
pub struct Session {
    client: Client,
    shape: Shape,
    inputs: Floats,
    targets: Floats,
    order: <Cube as BackendTypes>::IntTensorPrimitive,
    weights: Floats,
    heads: [Floats; 2],
    /// Which of `heads` holds the networks.
    current: usize,
    loss: Floats,
    /// B: samples that `loss`, `hidden` and `residual` have room for.
    most: usize,
    hidden: Floats,
    residual: Floats,
    partial: Floats,
    /// The batch whose gradient has not been applied to `weights` yet.
    last: Batch,
}

impl Session {
    /// # Errors
    /// Tensors that are not on a device of CubeCL's.
    pub fn open(
        shape: Shape,
        course: &Course,
        weights: &Tensor<1>,
        heads: &Head,
        loss: &Tensor<1>,
    ) -> Result<Self, EngineError> {
        let most = course.batch_size;
        let chunks = shape.features.div_ceil(shape.chunk());
        let room = |length: usize| floats(Tensor::<1>::empty([length], &weights.device()));
        let weights = floats(weights.clone())?;
        let order = course.order.clone().try_into_primitive::<Cube>().map_err(fault)?;
        assert!(matches!(order.dtype, DType::I32 | DType::U32), "indices of 32 bits");
        Ok(Self {
            client: weights.client.clone(),
            shape,
            inputs: flat(&course.inputs)?,
            targets: flat(&course.targets)?,
            order,
            weights,
            heads: [floats(heads.0[0].clone())?, floats(heads.0[1].clone())?],
            current: 0,
            loss: floats(loss.clone())?,
            most,
            hidden: room(shape.runs * most * shape.hidden)?,
            residual: room(shape.runs * most * shape.outputs)?,
            partial: room(chunks * shape.runs * most * shape.hidden)?,
            last: Batch::default(),
        })
    }

    /// One step on the `size` samples of every run from `at` on.
    ///
    /// # Errors
    /// `scale` is not on the device.
    pub fn step(&mut self, at: usize, size: usize, scale: Tensor<1>) -> Result<(), EngineError> {
        let scale = floats(scale)?;
        let next = Batch { at, size };
        self.advance(next);
        self.respond(next, scale);
        self.last = next;
        Ok(())
    }

    /// Applies the last gradient; returns which head holds the networks.
    pub fn finish(mut self) -> usize {
        self.advance(Batch::default());
        self.current
    }

    fn advance(&mut self, next: Batch) {
        let Shape { runs, features, outputs, .. } = self.shape;
        let (units, chunk) = (self.shape.units(), self.shape.chunk());
        let count = CubeCount::Static(
            units.div_ceil(WIDTH) as u32,
            features.div_ceil(chunk) as u32,
            runs as u32,
        );
        let place = PlaceLaunch::new(
            runs as u32,
            features as u32,
            units as u32,
            self.last.at as u32,
            next.at as u32,
        );
        advance::launch(
            &self.client,
            count,
            CubeDim::new_1d(WIDTH as u32),
            self.shape.lanes(),
            buffer(&self.inputs),
            self.order.clone().into_buffer_arg(),
            buffer(&self.weights),
            buffer(&self.heads[self.current]),
            buffer(&self.heads[1 - self.current]),
            buffer(&self.hidden),
            buffer(&self.residual),
            buffer(&self.partial),
            place,
            chunk as u32,
            self.last.size,
            next.size,
            outputs,
        );
        if self.last.size > 0 {
            self.current = 1 - self.current;
        }
    }

    fn respond(&self, batch: Batch, scale: Floats) {
        let Shape { runs, features, outputs, .. } = self.shape;
        respond::launch(
            &self.client,
            CubeCount::Static(batch.size as u32, runs as u32, 1),
            CubeDim::new_1d(THREADS),
            buffer(&self.targets),
            self.order.clone().into_buffer_arg(),
            buffer(&self.heads[self.current]),
            scale.into_buffer_arg(),
            buffer(&self.partial),
            buffer(&self.hidden),
            buffer(&self.residual),
            buffer(&self.loss),
            self.shape.hidden as u32,
            runs as u32,
            features.div_ceil(self.shape.chunk()) as u32,
            self.shape.head_length() as u32,
            self.most as u32,
            batch.at as u32,
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
