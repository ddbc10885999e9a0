//! The velocity of the weights by pixel.

use super::super::inputs::WORD;
use super::super::motion::{Motion, Powers};
use super::tiles::Tiles;

/// The velocities of S and W2, and room to work in.
#[derive(Clone, Debug)]
pub(super) struct Velocity {
    /// As S.
    pub w1: Tiles,
    /// As W2.
    pub w2: Tiles,
    /// Products of the velocity of S with the block's samples.
    pub z: Tiles,
    /// The block's steps.
    pub powers: Powers,
    batch_size: usize,
    /// Inner products with the block's earlier samples, times what their gradients have become.
    products: Vec<f32>,
}

/// What the gradients of a block's samples have become at its end, in θ and in v.
pub(super) struct Responses {
    pub position: [f32; WORD],
    pub velocity: [f32; WORD],
}

impl Velocity {
    /// A velocity of 0 for S and W2 of these sizes.
    pub fn zeros(positions: usize, outputs: usize, hidden: usize) -> Self {
        Self {
            w1: Tiles::zeros(positions, hidden),
            w2: Tiles::zeros(outputs, hidden),
            z: Tiles::zeros(0, hidden),
            powers: Powers::default(),
            batch_size: 1,
            products: Vec::new(),
        }
    }

    /// Prepares for the steps of a block.
    pub fn begin_block(&mut self, motion: &Motion, samples: usize, batch_size: usize) {
        self.z.reserve_rows(samples.next_multiple_of(2));
        self.powers.fill(motion, samples.div_ceil(batch_size));
        self.batch_size = batch_size;
    }

    /// The step that takes sample `k` of the block.
    pub fn step_of(&self, k: usize) -> usize {
        k / self.batch_size
    }

    /// `products`, of a sample with the `done` before its step, times what their gradients add to θ until then.
    pub fn scaled(&mut self, products: &[f32], done: usize) -> &[f32] {
        let Self { powers, batch_size, products: scaled, .. } = self;
        let steps = done / *batch_size;
        scaled.clear();
        let factor = |r: usize| powers.response(steps - 1 - r / *batch_size)[0];
        scaled.extend(products[..done].iter().enumerate().map(|(r, x)| factor(r) * x));
        scaled
    }

    /// What the gradients of `samples` samples have become after the last step of the block.
    pub fn responses(&self, samples: usize) -> Responses {
        let steps = samples.div_ceil(self.batch_size);
        let mut responses = Responses { position: [0.0; WORD], velocity: [0.0; WORD] };
        for k in 0..samples {
            let response = self.powers.response(steps - 1 - self.step_of(k));
            [responses.position[k], responses.velocity[k]] = response;
        }
        responses
    }
}
