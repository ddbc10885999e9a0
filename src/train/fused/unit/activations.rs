//! The activations of a batch.

use super::super::block::Matrix;

/// The hidden units that are active in the samples of a batch, and their values.
#[derive(Clone, Debug)]
pub(super) struct Activations {
    /// relu(z), `[sample of the batch][hidden]`; blocks without an active unit hold old values.
    pub values: Matrix,
    /// One bit for every unit that is active, by blocks in the same order.
    pub active: Vec<u16>,
    /// Scratch: the units to be computed.
    pub candidates: Vec<u32>,
}

impl Activations {
    pub fn new(hidden: usize) -> Self {
        Self { values: Matrix::zeros(0, hidden), active: Vec::new(), candidates: Vec::new() }
    }

    /// The active units of sample `k` of the batch.
    #[inline(always)]
    pub fn active(&self, k: usize) -> &[u16] {
        &self.active[k * self.values.width()..][..self.values.width()]
    }

    pub fn reserve(&mut self, samples: usize) {
        self.values.reserve_rows(samples);
        self.active.resize(self.active.len().max(samples * self.values.width()), 0);
    }
}
