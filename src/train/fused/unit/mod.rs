//! Weights by hidden unit: best once few hidden units are on.
//!
//! A hidden unit that is on in a sample costs the lines of sixteen inputs in which the sample is not all
//! background. Units that [`bounds`] shows to be off are not even looked at.

mod backward;
mod bounds;
mod fold;
mod forward;
mod rows;

use super::Isa;
use super::base::Base;
use super::block::{Block, LANES, Matrix};
use super::loss;
use super::problem::Problem;
use bounds::Bounds;

/// The weights, and room to work in.
#[derive(Clone, Debug)]
pub(super) struct UnitMajor {
    /// S, `[hidden][position]`: the inputs in the order of the data's lines.
    w1: Matrix,
    /// `[output][hidden]`.
    pub w2: Matrix,
    hidden: usize,
    bounds: Bounds,
    activity: Activity,
    fresh: Vec<Block>,
}

/// What is on in the samples of a batch.
#[derive(Clone, Debug)]
struct Activity {
    /// relu(z), `[sample of the batch][hidden]`; blocks with no unit on are not kept up.
    values: Matrix,
    /// One bit for every unit, in the same order by blocks.
    on: Vec<u16>,
    /// Scratch: the units to be computed.
    due: Vec<u32>,
}

impl Activity {
    fn new(hidden: usize) -> Self {
        Self { values: Matrix::zeros(0, hidden), on: Vec::new(), due: Vec::new() }
    }

    #[inline(always)]
    fn on(&self, k: usize) -> &[u16] {
        &self.on[k * self.values.width()..][..self.values.width()]
    }

    fn reserve(&mut self, samples: usize) {
        self.values.reserve_rows(samples);
        self.on.resize(self.on.len().max(samples * self.values.width()), 0);
    }
}

impl UnitMajor {
    /// `stored(h, p)` is S, `w2(o, h)` W2; `base` tells how far the stored parts reach.
    pub fn new(
        problem: &Problem,
        hidden: usize,
        base: &Base,
        stored: impl Fn(usize, usize) -> f32,
        w2: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let (inputs, outputs) = (problem.inputs(), problem.outputs());
        let mut net = Self {
            w1: Matrix::zeros(hidden, inputs.inputs()),
            w2: Matrix::zeros(outputs, hidden),
            hidden,
            bounds: Bounds::new(inputs, hidden),
            activity: Activity::new(hidden),
            fresh: vec![Block::ZERO; outputs],
        };
        for h in 0..hidden {
            for (position, &p) in inputs.order().iter().enumerate() {
                net.w1.set(h, position, stored(h, p as usize));
            }
            (0..outputs).for_each(|o| net.w2.set(o, h, w2(o, h)));
            net.bounds.rewritten(h, net.size(h, inputs.inputs(), base), 0.0);
        }
        net
    }

    /// ‖S_h‖ + √d |u_h| + |v_h| + |b1_h|, the size of what is stored for a unit.
    fn size(&self, h: usize, inputs: usize, base: &Base) -> f32 {
        let square = |block: &Block| block.0.iter().map(|w| w * w).sum::<f32>();
        let row: f32 = self.w1.row(h).iter().map(square).sum();
        let spread = (inputs as f32).sqrt() * base.offset.get(h).abs();
        row.sqrt() + spread + base.response.get(h).abs() + base.bias.get(h).abs()
    }

    /// Hands every stored weight to `put(unit, input, weight)`.
    pub fn for_each_stored(&self, problem: &Problem, mut put: impl FnMut(usize, usize, f32)) {
        for (position, &p) in problem.inputs().order().iter().enumerate() {
            (0..self.hidden).for_each(|h| put(h, p as usize, self.w1.get(h, position)));
        }
    }

    /// Leaves W2 relu(z) in `out`, and what is on for [`backward`](Self::backward).
    pub fn forward(
        &mut self,
        isa: Isa,
        problem: &Problem,
        base: &Base,
        batch: &[u32],
        out: &mut [f32],
    ) {
        self.activity.reserve(batch.len());
        forward::respond(
            isa,
            &self.w1,
            base,
            &mut self.bounds,
            problem.inputs(),
            batch,
            &mut self.activity,
        );
        forward::outputs(isa, &self.w2, &self.activity, out);
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
        let Self { w1, w2, bounds, activity, fresh, .. } = self;
        backward::backward(isa, w1, w2, base, bounds, activity, e, problem.inputs(), batch, fresh)
    }

    /// To be called between epochs: keeps the bounds tight, and folds u into the weights if there is any.
    pub fn end_epoch(&mut self, isa: Isa, problem: &Problem, base: &mut Base) {
        self.bounds.rebase();
        if problem.inputs().background() != 0.0 {
            self.fold(isa, problem, base);
        }
    }

    /// Adds u to every weight of its unit and sets it to 0; v = b1 + b W1 1 is computed anew.
    fn fold(&mut self, isa: Isa, problem: &Problem, base: &mut Base) {
        let inputs = problem.inputs();
        let used = inputs.inputs() - (self.w1.width() - 1) * LANES;
        let last = Block(std::array::from_fn(|lane| f32::from(u8::from(lane < used))));
        for h in 0..self.hidden {
            let offset = std::mem::take(base.offset.at(h));
            let (sum, squares) = fold::fold_row(isa, self.w1.row_mut(h), offset, &last);
            let bias = base.bias.get(h);
            let response = bias + inputs.background() * sum;
            let before = std::mem::replace(base.response.at(h), response);
            let size = squares.sqrt() + response.abs() + bias.abs();
            self.bounds.rewritten(h, size, response - before);
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
        let (inputs, mut bounds) = (problem.inputs(), self.bounds.clone());
        let mut activity = Activity::new(self.hidden);
        activity.reserve(loss::CHUNK);
        loss::sum_within(problem, bias, limit, |batch, out| {
            forward::respond(isa, &self.w1, base, &mut bounds, inputs, batch, &mut activity);
            forward::outputs(isa, &self.w2, &activity, out);
        })
    }
}
