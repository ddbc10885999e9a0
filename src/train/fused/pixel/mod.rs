//! Weights by pixel: best while many hidden units are on.
//!
//! All hidden units are computed together, 128 at a time, and only the pixels that are on cost anything:
//! two multiply-adds for every such pixel and hidden unit.

mod backward;
mod fold;
mod forward;
mod lookahead;
mod outputs;
mod tiles;
mod update;

use std::ops::Range;

use super::Isa;
use super::base::Base;
use super::block::{Block, LANES, Strip, ZERO_STRIP};
use super::problem::Problem;
use tiles::Tiles;

/// The weights, and room to work in.
#[derive(Clone, Debug)]
pub(super) struct PixelMajor {
    /// `[pixel][hidden]`.
    pub w1: Tiles,
    /// `[output][hidden]`.
    pub w2: Tiles,
    work: Work,
}

#[derive(Clone, Debug)]
struct Work {
    /// Preactivations, then changes: one row for every sample of the batch.
    z: Tiles,
    columns: update::Columns,
    fresh: Vec<Strip>,
    products: Vec<f32>,
    line: Vec<Block>,
}

/// Samples evaluated at a time when only the loss is wanted.
const LOSS_CHUNK: usize = 64;

impl PixelMajor {
    pub fn zeros(inputs: usize, hidden: usize, outputs: usize) -> Self {
        let work = Work {
            z: Tiles::zeros(0, hidden),
            columns: update::Columns::default(),
            fresh: vec![ZERO_STRIP; outputs],
            products: Vec::new(),
            line: vec![Block::ZERO; inputs.div_ceil(LANES)],
        };
        Self { w1: Tiles::zeros(inputs, hidden), w2: Tiles::zeros(outputs, hidden), work }
    }

    /// Leaves W2 relu(z) in `out`; `z` is kept for [`backward`](Self::backward).
    pub fn forward(
        &mut self,
        isa: Isa,
        problem: &Problem,
        base: &Base,
        batch: &[u32],
        out: &mut [f32],
    ) {
        self.work.z.reserve_rows(batch.len());
        forward::preactivations(
            isa,
            Some(base),
            &self.w1,
            problem.inputs(),
            batch,
            &mut self.work.z,
        );
        outputs::outputs(isa, &self.w2, &self.work.z, 0, out);
    }

    /// Applies the step whose scaled residuals are `e`. Returns how many hidden units were on, over the batch.
    pub fn backward(
        &mut self,
        isa: Isa,
        problem: &Problem,
        base: &mut Base,
        batch: &[u32],
        e: &[f32],
    ) -> u64 {
        self.work.columns.fill(problem.inputs(), batch);
        backward::backward(
            isa,
            Some(&mut self.w1),
            &mut self.w2,
            base,
            &mut self.work,
            e,
            problem.inputs(),
            batch,
            0,
        )
    }

    /// Begins a block of small steps: `batch` holds the samples of all of them.
    pub fn look_ahead(&mut self, isa: Isa, problem: &Problem, batch: &[u32]) {
        let Work { z, products, line, .. } = &mut self.work;
        z.reserve_rows(batch.len());
        products.resize(batch.len() * batch.len(), 0.0);
        lookahead::inner_products(isa, problem.inputs(), batch, products, line);
        forward::preactivations(isa, None, &self.w1, problem.inputs(), batch, z);
    }

    /// Leaves W2 relu(z) of the block's samples `rows` in `out`, all samples before them being done.
    pub fn forward_ahead(
        &mut self,
        isa: Isa,
        problem: &Problem,
        base: &Base,
        block: &[u32],
        rows: Range<usize>,
        out: &mut [f32],
    ) {
        let Work { z, products, .. } = &mut self.work;
        for k in rows.clone() {
            let products = &products[k * block.len()..];
            lookahead::catch_up(isa, base, problem.inputs(), block[k], products, rows.start, k, z);
        }
        outputs::outputs(isa, &self.w2, z, rows.start, out);
    }

    /// Applies the step of the block's samples `rows`, W1 excepted.
    pub fn backward_ahead(
        &mut self,
        isa: Isa,
        problem: &Problem,
        base: &mut Base,
        block: &[u32],
        rows: Range<usize>,
        e: &[f32],
    ) -> u64 {
        let (data, batch) = (problem.inputs(), &block[rows.clone()]);
        backward::backward(
            isa,
            None,
            &mut self.w2,
            base,
            &mut self.work,
            e,
            data,
            batch,
            rows.start,
        )
    }

    /// Ends the block: W1 takes all its steps.
    pub fn catch_up(&mut self, isa: Isa, problem: &Problem, block: &[u32]) {
        self.work.columns.fill(problem.inputs(), block);
        backward::add_changes(isa, &mut self.w1, &self.work, block.len());
    }

    /// To be called between epochs: adds u to every weight of its unit and sets it to 0; v is computed anew.
    pub fn end_epoch(&mut self, isa: Isa, problem: &Problem, base: &mut Base) {
        if problem.inputs().background() != 0.0 {
            fold::fold(isa, &mut self.w1, base, problem.inputs().background());
        }
    }

    /// Σ ℓ_i over all samples.
    pub fn loss(&self, isa: Isa, problem: &Problem, base: &Base, bias: &[f32]) -> f64 {
        let samples: Vec<u32> = (0..problem.inputs().samples() as u32).collect();
        let mut z = self.work.z.clone();
        z.reserve_rows(LOSS_CHUNK);
        let mut out = vec![0.0; LOSS_CHUNK * problem.outputs()];
        let chunk = |batch: &[u32]| {
            let out = &mut out[..batch.len() * problem.outputs()];
            forward::preactivations(isa, Some(base), &self.w1, problem.inputs(), batch, &mut z);
            outputs::outputs(isa, &self.w2, &z, 0, out);
            problem.residuals(batch, bias, out)
        };
        samples.chunks(LOSS_CHUNK).map(chunk).sum()
    }
}
