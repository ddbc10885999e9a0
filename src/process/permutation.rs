//! A permutation of the samples, for draws without replacement.

use rand::{Rng, RngExt};

/// A random permutation of the samples, generated only as far as it is drawn.
#[derive(Debug, Clone)]
pub struct Permutation {
    order: Vec<usize>,
    /// Samples drawn in this epoch.
    drawn: usize,
}

impl Permutation {
    /// The samples 0..n in ascending order.
    pub fn new(samples: usize) -> Self {
        Self { order: (0..samples).collect(), drawn: 0 }
    }

    /// n.
    pub fn samples(&self) -> usize {
        self.order.len()
    }

    /// `count` distinct samples, independent of all earlier draws: the first steps of a Fisher–Yates
    /// shuffle, for which any permutation is as good a start as the sorted one.
    pub fn draw_distinct(&mut self, count: usize, rng: &mut impl Rng) -> &[usize] {
        self.shuffle(0, count, rng);
        &self.order[..count]
    }

    /// The next `count` samples of the epoch, or as many as it has left; a new epoch after its end.
    pub fn draw_of_epoch(&mut self, count: usize, rng: &mut impl Rng) -> &[usize] {
        let start = if self.drawn == self.samples() { 0 } else { self.drawn };
        self.drawn = (start + count).min(self.samples());
        self.shuffle(start, self.drawn, rng);
        &self.order[start..self.drawn]
    }

    fn shuffle(&mut self, start: usize, end: usize, rng: &mut impl Rng) {
        for k in start..end {
            let other = rng.random_range(k..self.order.len());
            self.order.swap(k, other);
        }
    }
}
