//! Weights by pixel: best while many hidden units are on.
//!
//! All hidden units are computed together, 128 at a time, and only the pixels that are on cost anything:
//! two multiply-adds for every such pixel and hidden unit.

mod backward;
mod fold;
mod forward;
mod gathered;
mod lookahead;
mod outputs;
mod pair;
mod tiles;
mod update;

use std::ops::Range;

use super::Isa;
use super::base::Base;
use super::block::{Block, LANES, Strip, ZERO_STRIP};
use super::inputs::WORD;
use super::loss;
use super::problem::Problem;
use gathered::{GROUP, Gathered};
use tiles::Tiles;

/// The weights, and room to work in.
#[derive(Clone, Debug)]
pub(super) struct PixelMajor {
    /// `[position][hidden]`, padded to whole words of positions.
    w1: Tiles,
    /// `[output][hidden]`.
    pub w2: Tiles,
    work: Work,
}

#[derive(Clone, Debug)]
struct Work {
    /// Preactivations, then changes: one row for every sample of the batch.
    z: Tiles,
    gathered: Gathered,
    fresh: Vec<Strip>,
    products: Vec<f32>,
    line: Vec<Block>,
}

impl PixelMajor {
    /// `stored(h, p)` is S, `w2(o, h)` W2.
    pub fn new(
        problem: &Problem,
        hidden: usize,
        stored: impl Fn(usize, usize) -> f32,
        w2: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let (inputs, outputs) = (problem.inputs(), problem.outputs());
        let work = Work {
            z: Tiles::zeros(0, hidden),
            gathered: Gathered::default(),
            fresh: vec![ZERO_STRIP; outputs],
            products: Vec::new(),
            line: vec![Block::ZERO; inputs.inputs().div_ceil(LANES)],
        };
        let rows = inputs.inputs().next_multiple_of(WORD);
        let mut net =
            Self { w1: Tiles::zeros(rows, hidden), w2: Tiles::zeros(outputs, hidden), work };
        for (position, &p) in inputs.patterns().order().iter().enumerate() {
            (0..hidden).for_each(|h| net.w1.set(position, h, stored(h, p as usize)));
        }
        for o in 0..outputs {
            (0..hidden).for_each(|h| net.w2.set(o, h, w2(o, h)));
        }
        net
    }

    /// Hands every stored weight to `put(unit, input, weight)`.
    pub fn for_each_stored(
        &self,
        problem: &Problem,
        hidden: usize,
        mut put: impl FnMut(usize, usize, f32),
    ) {
        for (position, &p) in problem.inputs().patterns().order().iter().enumerate() {
            (0..hidden).for_each(|h| put(h, p as usize, self.w1.get(position, h)));
        }
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
        let Work { z, gathered, .. } = &mut self.work;
        z.reserve_rows(batch.len().next_multiple_of(GROUP));
        gathered.fill(problem.inputs().patterns(), batch);
        forward::preactivations(isa, Some(base), &self.w1, problem.inputs(), batch, gathered, z);
        outputs::outputs(isa, &self.w2, z, 0, out);
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
        let Work { z, gathered, products, line, .. } = &mut self.work;
        z.reserve_rows(batch.len().next_multiple_of(GROUP));
        gathered.fill(problem.inputs().patterns(), batch);
        products.resize(batch.len() * batch.len(), 0.0);
        lookahead::inner_products(isa, problem.inputs(), batch, products, line);
        forward::preactivations(isa, None, &self.w1, problem.inputs(), batch, gathered, z);
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
    pub fn catch_up(&mut self, isa: Isa, block: &[u32]) {
        backward::add_changes(isa, &mut self.w1, &self.work, block.len());
    }

    /// To be called between epochs: adds u to every weight of its unit and sets it to 0; v is computed anew.
    pub fn end_epoch(&mut self, isa: Isa, problem: &Problem, base: &mut Base) {
        let inputs = problem.inputs();
        if inputs.background() != 0.0 {
            fold::fold(isa, &mut self.w1, inputs.inputs(), base, inputs.background());
        }
    }

    /// Σ ℓ_i over all samples, or `None` if it exceeds `limit`.
    pub fn loss(
        &self,
        isa: Isa,
        problem: &Problem,
        base: &Base,
        bias: &[f32],
        limit: f64,
    ) -> Option<f64> {
        let (mut z, mut gathered) = (self.work.z.clone(), Gathered::default());
        z.reserve_rows(loss::CHUNK.next_multiple_of(GROUP));
        loss::sum_within(problem, bias, limit, |batch, out| {
            gathered.fill(problem.inputs().patterns(), batch);
            forward::preactivations(
                isa,
                Some(base),
                &self.w1,
                problem.inputs(),
                batch,
                &gathered,
                &mut z,
            );
            outputs::outputs(isa, &self.w2, &z, 0, out);
        })
    }
}
