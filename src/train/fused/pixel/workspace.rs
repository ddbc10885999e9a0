//! Room to work in, kept from step to step.

use super::super::block::{Block, LANES, Strip, ZERO_STRIP};
use super::super::inputs::SparseInputs;
use super::batch_patterns::{BatchPatterns, GROUP};
use super::tiles::Tiles;

/// The intermediate results of a block of steps.
#[derive(Clone, Debug)]
pub(super) struct Workspace {
    /// Preactivations, then changes of the biases: one row for every sample of the block.
    pub z: Tiles,
    pub patterns: BatchPatterns,
    /// One tile of the updated W2.
    pub new_w2: Vec<Strip>,
    /// Inner products of the block's samples.
    pub products: Vec<f32>,
    /// One dense sample, in lines.
    pub line: Vec<Block>,
}

impl Workspace {
    pub fn new(inputs: &SparseInputs, hidden: usize, outputs: usize) -> Self {
        Self {
            z: Tiles::zeros(0, hidden),
            patterns: BatchPatterns::default(),
            new_w2: vec![ZERO_STRIP; outputs],
            products: Vec::new(),
            line: vec![Block::ZERO; inputs.inputs().div_ceil(LANES)],
        }
    }

    /// Makes room for the samples of a block and collects their patterns.
    pub fn load(&mut self, inputs: &SparseInputs, block: &[u32]) {
        self.z.reserve_rows(block.len().next_multiple_of(GROUP));
        self.patterns.fill(inputs.patterns(), block);
    }
}
