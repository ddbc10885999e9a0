//! The weights by pixel, and their steps.

use std::ops::Range;

use super::super::bias_terms::BiasTerms;
use super::super::context::Context;
use super::super::inputs::{SparseInputs, WORD};
use super::super::motion::Motion;
use super::super::problem::Problem;
use super::super::state::{Layout, Parameters};
use super::super::weight_layout::WeightLayout;
use super::tiles::Tiles;
use super::velocity::Velocity;
use super::workspace::Workspace;
use super::{backward, deferred, forward, merge_offset, moving, outputs};

/// Samples whose small steps are computed together.
const BLOCK: usize = 32;
/// The largest batch for which that pays.
const MAX_DEFERRED_BATCH: usize = 8;

/// S and W2, and room to work in.
#[derive(Clone, Debug)]
pub(in super::super) struct PixelMajor {
    /// S, `[position][hidden]`, padded to whole words of positions.
    w1: Tiles,
    /// `[output][hidden]`.
    w2: Tiles,
    hidden: usize,
    /// Whether the current block updates W1 only at its end.
    deferred: bool,
    workspace: Workspace,
    /// With an optimizer that moves the weights by a velocity.
    velocity: Option<Velocity>,
}

impl PixelMajor {
    /// The layout of `stored`, whose W1 is S, and of its velocity, if it has one.
    pub fn new(problem: &Problem, stored: &Parameters, velocity: Option<&Parameters>) -> Self {
        let (inputs, outputs, hidden) = (problem.inputs(), problem.outputs(), stored.b1.len());
        let rows = inputs.inputs().next_multiple_of(WORD);
        let mut weights = Self {
            w1: Tiles::zeros(rows, hidden),
            w2: Tiles::zeros(outputs, hidden),
            hidden,
            deferred: false,
            workspace: Workspace::new(inputs, hidden, outputs),
            velocity: velocity.map(|_| Velocity::zeros(rows, outputs, hidden)),
        };
        fill(problem, stored, &mut weights.w1, &mut weights.w2);
        if let (Some(to), Some(from)) = (&mut weights.velocity, velocity) {
            fill(problem, from, &mut to.w1, &mut to.w2);
        }
        weights
    }

    /// Samples of a block of steps; a multiple of `batch_size`.
    pub fn block_samples(batch_size: usize) -> usize {
        if batch_size <= MAX_DEFERRED_BATCH { BLOCK / batch_size * batch_size } else { batch_size }
    }
}

/// Whether the weights of inputs that are off in every sample stay where they are. Those of a background get its
/// velocity at the end of an epoch.
fn rests(motion: &Motion, inputs: &SparseInputs) -> bool {
    motion.rests() && inputs.background() == 0.0
}

/// Puts W1 and W2 of `stored` into tiles.
fn fill(problem: &Problem, stored: &Parameters, w1: &mut Tiles, w2: &mut Tiles) {
    let (inputs, hidden) = (problem.inputs(), stored.b1.len());
    for (position, &p) in inputs.patterns().order().iter().enumerate() {
        let column = stored.w1.iter().skip(p as usize).step_by(inputs.inputs());
        column.enumerate().for_each(|(h, &weight)| w1.set(position, h, weight));
    }
    for (o, row) in stored.w2.chunks(hidden).enumerate() {
        row.iter().enumerate().for_each(|(h, &weight)| w2.set(o, h, weight));
    }
}

/// W1 and W2 of tiles that [`fill`] filled.
fn stored(problem: &Problem, hidden: usize, w1: &Tiles, w2: &Tiles) -> (Vec<f32>, Vec<f32>) {
    let inputs = problem.inputs();
    let mut rows = vec![0.0; hidden * inputs.inputs()];
    for (position, &p) in inputs.patterns().order().iter().enumerate() {
        let column = rows.iter_mut().skip(p as usize).step_by(inputs.inputs());
        column.enumerate().for_each(|(h, weight)| *weight = w1.get(position, h));
    }
    let entry = |i: usize| w2.get(i / hidden, i % hidden);
    (rows, (0..problem.outputs() * hidden).map(entry).collect())
}

impl WeightLayout for PixelMajor {
    fn layout(&self) -> Layout {
        Layout::PixelMajor
    }

    fn boxed_clone(&self) -> Box<dyn WeightLayout> {
        Box::new(self.clone())
    }

    fn block_samples(&self, batch_size: usize) -> usize {
        Self::block_samples(batch_size)
    }

    fn begin_block(&mut self, context: Context, block: &[u32], batch_size: usize) {
        let Context { isa, problem, motion } = context;
        let inputs = problem.inputs();
        self.workspace.load(inputs, block);
        self.deferred = batch_size <= MAX_DEFERRED_BATCH;
        if self.deferred {
            let Workspace { z, patterns, products, line, .. } = &mut self.workspace;
            products.resize(block.len() * block.len(), 0.0);
            deferred::inner_products(isa, inputs, block, products, line);
            forward::preactivations(isa, None, &self.w1, inputs, block, patterns, z);
            if let (Some(velocity), Some(motion)) = (&mut self.velocity, motion) {
                velocity.begin_block(&motion, block.len(), batch_size);
                let Velocity { w1, z, .. } = velocity;
                forward::preactivations(isa, None, w1, inputs, block, patterns, z);
            }
        }
    }

    fn forward(
        &mut self,
        context: Context,
        terms: &BiasTerms,
        block: &[u32],
        rows: Range<usize>,
        out: &mut [f32],
    ) {
        let Context { isa, problem, .. } = context;
        let (inputs, done) = (problem.inputs(), rows.start);
        let Workspace { z, patterns, products, .. } = &mut self.workspace;
        if self.deferred {
            for k in rows {
                let mut products = &products[k * block.len()..];
                if let Some(velocity) = &mut self.velocity {
                    let [a, b, ..] = velocity.powers.matrix(velocity.step_of(k));
                    moving::blend(isa, z, &velocity.z, k, a, b);
                    products = velocity.scaled(products, done);
                }
                deferred::add_changes(isa, terms, inputs, block[k], products, done, k, z);
            }
        } else {
            forward::preactivations(isa, Some(terms), &self.w1, inputs, block, patterns, z);
        }
        outputs::outputs(isa, &self.w2, z, done, out);
    }

    fn backward(
        &mut self,
        context: Context,
        terms: &mut BiasTerms,
        block: &[u32],
        rows: Range<usize>,
        e: &[f32],
    ) -> u64 {
        let Context { isa, problem, motion } = context;
        let (inputs, batch) = (problem.inputs(), &block[rows.clone()]);
        let (w2, workspace) = (&mut self.w2, &mut self.workspace);
        if let (Some(velocity), Some(motion)) = (&mut self.velocity, motion) {
            let (step, rests) = (&motion.step, rests(&motion, inputs));
            let Velocity { w1: v1, w2: v2, .. } = velocity;
            let (w1, w2) = ((!self.deferred).then_some([&mut self.w1, v1]), [w2, v2]);
            let first = rows.start;
            return moving::backward(
                isa, w1, w2, terms, workspace, step, rests, e, inputs, batch, first,
            );
        }
        let w1 = (!self.deferred).then_some(&mut self.w1);
        backward::backward(isa, w1, w2, terms, workspace, e, inputs, batch, rows.start)
    }

    fn end_block(&mut self, context: Context, block: &[u32]) {
        let (isa, samples) = (context.isa, block.len());
        match (self.deferred, &mut self.velocity, context.motion) {
            (false, ..) => {}
            (true, Some(velocity), Some(motion)) => {
                let steps = velocity.step_of(samples - 1) + 1;
                let (matrix, responses) =
                    (velocity.powers.matrix(steps), velocity.responses(samples));
                let w1 = [&mut self.w1, &mut velocity.w1];
                let rests = rests(&motion, context.problem.inputs());
                moving::update_w1(isa, w1, &self.workspace, &matrix, rests, &responses);
            }
            _ => backward::update_w1(isa, &mut self.w1, &self.workspace, samples),
        }
    }

    fn end_epoch(&mut self, context: Context, terms: &mut BiasTerms) {
        let inputs = context.problem.inputs();
        let (count, background) = (inputs.inputs(), inputs.background());
        if background != 0.0 {
            merge_offset::merge_offset(context.isa, &mut self.w1, count, terms, background);
            if let (Some(v), Some(terms)) = (&mut self.velocity, terms.velocity.as_deref_mut()) {
                merge_offset::merge_offset(context.isa, &mut v.w1, count, terms, background);
            }
        }
    }

    fn stored(&self, problem: &Problem) -> (Vec<f32>, Vec<f32>) {
        stored(problem, self.hidden, &self.w1, &self.w2)
    }

    fn stored_velocity(&self, problem: &Problem) -> Option<(Vec<f32>, Vec<f32>)> {
        let velocity = self.velocity.as_ref()?;
        Some(stored(problem, self.hidden, &velocity.w1, &velocity.w2))
    }
}
