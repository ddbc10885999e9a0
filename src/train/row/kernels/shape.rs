//! The sizes of the networks of a row, and of the pieces that threads work on.

use crate::train::row::layer::RowLayer;
use crate::train::row::step::Batches;

/// Threads that keep a large GPU's memory busy.
const BUSY_THREADS: usize = 1 << 17;
/// Inputs of a chunk at least, so that the partial products stay small against W1.
const MIN_CHUNK: usize = 64;

/// R, f, h and q.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub runs: usize,
    pub features: usize,
    pub hidden: usize,
    pub outputs: usize,
}

impl Shape {
    /// The shape of networks with this first layer, trained on `batches`.
    pub fn of(first: &RowLayer, batches: &Batches) -> Self {
        let [runs, features, hidden] = first.dims();
        Self { runs, features, hidden, outputs: batches.targets.dims()[1] }
    }

    /// N: hidden units of a vector.
    pub fn lanes(self) -> usize {
        [4, 2].into_iter().find(|lanes| self.hidden.is_multiple_of(*lanes)).unwrap_or(1)
    }

    /// h/N.
    pub fn units(self) -> usize {
        self.hidden / self.lanes()
    }

    /// q·h + h + q, padded to whole vectors.
    pub fn packed_length(self) -> usize {
        (self.outputs + 1) * self.hidden + self.outputs.next_multiple_of(self.lanes())
    }

    /// Inputs of a chunk: enough chunks to keep the device busy.
    pub fn chunk(self) -> usize {
        let wanted = BUSY_THREADS.div_ceil(self.runs * self.units());
        let max_chunks = self.features.div_ceil(MIN_CHUNK);
        self.features.div_ceil(wanted.clamp(1, max_chunks))
    }
}
