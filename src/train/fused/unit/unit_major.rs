//! The weights by hidden unit, and their steps.

use std::ops::Range;

use super::super::bias_terms::BiasTerms;
use super::super::block::{Block, LANES, Matrix};
use super::super::context::Context;
use super::super::problem::Problem;
use super::super::state::{Layout, Parameters};
use super::super::weight_layout::WeightLayout;
use super::activations::Activations;
use super::bounds::Bounds;
use super::{backward, forward, merge_offset};

/// S and W2, and room to work in.
#[derive(Clone, Debug)]
pub(in super::super) struct UnitMajor {
    /// S, `[hidden][position]`: the inputs in the order of the data's lines.
    w1: Matrix,
    /// `[output][hidden]`.
    w2: Matrix,
    hidden: usize,
    bounds: Bounds,
    activations: Activations,
    /// One block of the updated W2.
    new_w2: Vec<Block>,
}

impl UnitMajor {
    /// The layout of `stored`, whose W1 is S; `terms` are needed for the size of what is stored.
    pub fn new(problem: &Problem, stored: &Parameters, terms: &BiasTerms) -> Self {
        let (inputs, outputs, hidden) = (problem.inputs(), problem.outputs(), stored.b1.len());
        let mut weights = Self {
            w1: Matrix::zeros(hidden, inputs.inputs()),
            w2: Matrix::zeros(outputs, hidden),
            hidden,
            bounds: Bounds::new(inputs, hidden),
            activations: Activations::new(hidden),
            new_w2: vec![Block::ZERO; outputs],
        };
        for (h, row) in stored.w1.chunks(inputs.inputs()).enumerate() {
            for (position, &p) in inputs.order().iter().enumerate() {
                weights.w1.set(h, position, row[p as usize]);
            }
            (0..outputs).for_each(|o| weights.w2.set(o, h, stored.w2[o * hidden + h]));
            weights.bounds.record_rewrite(h, weights.size(h, inputs.inputs(), terms), 0.0);
        }
        weights
    }

    /// ‖S_h‖ + √d |u_h| + |v_h| + |b1_h|, the size of what is stored for a unit.
    fn size(&self, h: usize, inputs: usize, terms: &BiasTerms) -> f32 {
        let square = |block: &Block| block.0.iter().map(|w| w * w).sum::<f32>();
        let row: f32 = self.w1.row(h).iter().map(square).sum();
        let spread = (inputs as f32).sqrt() * terms.offset.get(h).abs();
        row.sqrt() + spread + terms.response.get(h).abs() + terms.bias.get(h).abs()
    }

    /// Adds u to every weight of its unit and sets it to 0, and recomputes v = b1 + b W1 1.
    fn merge_offset(&mut self, context: Context, terms: &mut BiasTerms) {
        let inputs = context.problem.inputs();
        let used = inputs.inputs() - (self.w1.width() - 1) * LANES;
        let last = Block(std::array::from_fn(|lane| f32::from(u8::from(lane < used))));
        for h in 0..self.hidden {
            let offset = std::mem::take(terms.offset.at(h));
            let row = self.w1.row_mut(h);
            let (sum, squares) = merge_offset::add_to_row(context.isa, row, offset, &last);
            let bias = terms.bias.get(h);
            let response = bias + inputs.background() * sum;
            let before = std::mem::replace(terms.response.at(h), response);
            let size = squares.sqrt() + response.abs() + bias.abs();
            self.bounds.record_rewrite(h, size, response - before);
        }
    }
}

impl WeightLayout for UnitMajor {
    fn layout(&self) -> Layout {
        Layout::UnitMajor
    }

    fn boxed_clone(&self) -> Box<dyn WeightLayout> {
        Box::new(self.clone())
    }

    fn begin_block(&mut self, _: Context, block: &[u32], _: usize) {
        self.activations.reserve(block.len());
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
        let Self { w1, w2, bounds, activations, .. } = self;
        forward::activations(isa, w1, terms, bounds, problem.inputs(), &block[rows], activations);
        forward::outputs(isa, w2, activations, out);
    }

    fn backward(
        &mut self,
        context: Context,
        terms: &mut BiasTerms,
        block: &[u32],
        rows: Range<usize>,
        e: &[f32],
    ) -> u64 {
        let Context { isa, problem, .. } = context;
        let (inputs, batch) = (problem.inputs(), &block[rows]);
        let Self { w1, w2, bounds, activations, new_w2, .. } = self;
        backward::backward(isa, w1, w2, terms, bounds, activations, e, inputs, batch, new_w2)
    }

    fn end_epoch(&mut self, context: Context, terms: &mut BiasTerms) {
        self.bounds.restart_paths();
        if context.problem.inputs().background() != 0.0 {
            self.merge_offset(context, terms);
        }
    }

    fn stored(&self, problem: &Problem) -> (Vec<f32>, Vec<f32>) {
        let (inputs, hidden) = (problem.inputs(), self.hidden);
        let mut w1 = vec![0.0; hidden * inputs.inputs()];
        for (h, row) in w1.chunks_mut(inputs.inputs()).enumerate() {
            for (position, &p) in inputs.order().iter().enumerate() {
                row[p as usize] = self.w1.get(h, position);
            }
        }
        let entry = |i: usize| self.w2.get(i / hidden, i % hidden);
        (w1, (0..problem.outputs() * hidden).map(entry).collect())
    }

    fn stored_velocity(&self, _: &Problem) -> Option<(Vec<f32>, Vec<f32>)> {
        None
    }
}
