//! The batches of one epoch, laid out for an engine that makes many steps at once.

use std::ops::Range;

/// The batches of one epoch, which draw `len` samples in all, some perhaps several times.
#[derive(Debug, Clone)]
pub struct Epoch {
    pub(super) pool: Vec<u32>,
    segments: Vec<Segment>,
}

/// Consecutive batches of one size.
#[derive(Debug, Clone)]
struct Segment {
    /// Samples that the epoch draws before this segment.
    before: usize,
    /// Where its samples are in the pool.
    pool: Range<usize>,
    batch_size: usize,
}

impl Epoch {
    /// No batches yet; their samples will be ranges of `pool`.
    pub(super) fn empty(pool: Vec<u32>) -> Self {
        Self { pool, segments: Vec::new() }
    }

    /// The batches of which every `batch_size` entries of `order` are one, the last one perhaps smaller.
    pub(super) fn of_equal_batches(order: Vec<u32>, batch_size: usize) -> Self {
        let mut epoch = Self::empty(order);
        epoch.push(0..epoch.pool.len(), batch_size);
        epoch
    }

    /// Adds the batches of size `batch_size` that `pool` has, if any.
    pub(super) fn push(&mut self, pool: Range<usize>, batch_size: usize) {
        if !pool.is_empty() {
            let before = self.len();
            self.segments.push(Segment { before, pool, batch_size });
        }
    }

    /// Σ of the sizes of all batches.
    pub fn len(&self) -> usize {
        self.segments.last().map_or(0, |last| last.before + last.pool.len())
    }

    /// Whether there are no batches.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The samples drawn from `position` < `len` on, as far as batches have one size, and that size.
    pub fn equal_batches_from(&self, position: usize) -> (&[u32], usize) {
        let next = self.segments.partition_point(|segment| segment.before <= position);
        let segment = &self.segments[next - 1];
        (&self.pool[segment.pool.clone()][position - segment.before..], segment.batch_size)
    }

    /// The samples of all batches, in order.
    pub fn into_order(self) -> Vec<u32> {
        let samples = self.segments.into_iter().flat_map(|segment| &self.pool[segment.pool]);
        samples.copied().collect()
    }
}
