//! A block of directions with what was measured of it, segment by segment.

use super::directions::descending;
use super::estimate::{BURN_IN, SEGMENTS};
use crate::stability::linearised::{Block, Stretch};

/// Directions under SGD and their growth in [`SEGMENTS`] segments of equal length.
pub(super) struct MeasuredBlock<'f> {
    block: Block<'f>,
    segments: Vec<Stretch>,
    /// The turning when all directions but the first one were dropped.
    turned: f64,
}

/// Directions that are so many e-folds behind the first one are followed no longer.
const OUTGROWN: f64 = 20.0;

impl<'f> MeasuredBlock<'f> {
    pub fn new(block: Block<'f>) -> Self {
        Self { block, segments: Vec::with_capacity(SEGMENTS), turned: 0.0 }
    }

    /// Continues to [`SEGMENTS`] segments of `length` steps.
    pub fn extend(&mut self, length: u64) {
        while self.segments.len() < SEGMENTS {
            self.block.advance(length);
            self.segments.push(self.block.take_stretch());
        }
    }

    /// Halves the number of segments by merging neighbours.
    pub fn merge_neighbours(&mut self) {
        self.segments = self.segments.chunks(2).map(|pair| pair[0].then(&pair[1])).collect();
    }

    /// log ‖θ‖ that the first direction gained per step in every segment.
    pub fn growth(&self, length: u64) -> Vec<f64> {
        self.segments.iter().map(|segment| segment.logs[0] / length as f64).collect()
    }

    /// By how many e-folds the fastest direction of the span outgrew the first one after the burn-in.
    pub fn turning(&self) -> f64 {
        self.turned + self.kept().turning()
    }

    /// Drops the directions that the first one has outgrown for good: if it has outgrown all of them.
    pub fn drop_outgrown(&mut self) {
        let logs = self.kept().logs;
        let last = logs[1..].iter().copied().reduce(f64::max);
        if last.is_some_and(|last| logs[0] - last > OUTGROWN) {
            self.turned = self.turning();
            self.block.select(&[0]);
            self.segments.iter_mut().for_each(|segment| *segment = segment.of_first());
        }
    }

    /// Puts the direction first that grew the most after the burn-in, and drops what was measured, if it
    /// outgrew the present first one by more than `e_folds`. Whether it did.
    pub fn reorder(&mut self, e_folds: f64) -> bool {
        let logs = self.kept().logs;
        let order = descending(&logs);
        let wrong = logs[order[0]] > logs[0] + e_folds;
        if wrong {
            self.block.select(&order);
            self.segments.clear();
            self.turned = 0.0;
        }
        wrong
    }

    fn kept(&self) -> Stretch {
        let (first, rest) = (&self.segments[BURN_IN], &self.segments[BURN_IN + 1..]);
        rest.iter().fold(first.clone(), |sum, segment| sum.then(segment))
    }
}
