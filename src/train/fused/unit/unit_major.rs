//! The weights by hidden unit, and their steps.

use std::ops::Range;

use super::super::bias_terms::BiasTerms;
use super::super::block::{Block, LANES, Matrix};
use super::super::context::Context;
use super::super::frame::Frame;
use super::super::problem::Problem;
use super::super::state::{Layout, Parameters};
use super::super::weight_layout::WeightLayout;
use super::activations::Activations;
use super::bounds::{Bounds, StepBounds};
use super::velocity::{Velocity, above};
use super::{backward, forward, merge_offset, moving};

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
    /// With an optimizer that moves the weights by a velocity; S is then p of its frame.
    velocity: Option<Velocity>,
}

impl UnitMajor {
    /// The layout of `stored`, whose W1 is S, and of its velocity, if it has one; the two are (p, q) of `frame`.
    /// `terms` are needed for the size of what is stored.
    pub fn new(
        problem: &Problem,
        stored: &Parameters,
        velocity: Option<&Parameters>,
        frame: Frame,
        terms: &BiasTerms,
    ) -> Self {
        let (inputs, outputs, hidden) = (problem.inputs(), problem.outputs(), stored.b1.len());
        let mut weights = Self {
            w1: Matrix::zeros(hidden, inputs.inputs()),
            w2: Matrix::zeros(outputs, hidden),
            hidden,
            bounds: Bounds::new(inputs, hidden),
            activations: Activations::new(hidden),
            new_w2: vec![Block::ZERO; outputs],
            velocity: velocity.map(|_| Velocity::zeros(hidden, inputs.inputs(), outputs, frame)),
        };
        fill(problem, stored, &mut weights.w1, &mut weights.w2);
        if let (Some(to), Some(from)) = (&mut weights.velocity, velocity) {
            fill(problem, from, &mut to.w1, &mut to.w2);
            weights.bounds = weights.bounds.with_velocity();
            weights.bounds.set_parts(above(frame.parts()[0]));
        }
        for h in 0..hidden {
            let [size, speed] = weights.sizes(h, inputs.inputs(), terms);
            weights.bounds.record_moving_rewrite(h, size, speed, 0.0);
        }
        weights
    }

    /// The [`size`] of what is stored for a unit and that of its velocity, which is 0 without one.
    fn sizes(&self, h: usize, inputs: usize, terms: &BiasTerms) -> [f32; 2] {
        let Some(velocity) = &self.velocity else {
            let square = |block: &Block| block.0.iter().map(|w| w * w).sum::<f32>();
            let row: f32 = self.w1.row(h).iter().map(square).sum();
            return [size(row, h, inputs, terms), 0.0];
        };
        let (p, q) = (self.w1.row(h), velocity.w1.row(h));
        let pairs = || p.iter().zip(q).flat_map(|(p, q)| p.0.into_iter().zip(q.0));
        let [a, b, c, d] = velocity.frame.factors();
        let squares = |a: f32, b: f32| pairs().map(|(p, q)| (a * p + b * q).powi(2)).sum::<f32>();
        let speed = terms.velocity.as_deref().map(|terms| size(squares(c, d), h, inputs, terms));
        [size(squares(a, b), h, inputs, terms), speed.unwrap_or(0.0)]
    }

    /// Stores S and its velocity as those of another frame.
    fn change_frame(&mut self, context: Context, terms: &BiasTerms, frame: Frame) {
        let inputs = context.problem.inputs();
        let last = last_block(inputs.inputs(), self.w1.width());
        let Some(velocity) = &mut self.velocity else { return };
        let matrix = velocity.frame.into_frame(frame);
        let matrix = [matrix[0][0], matrix[0][1], matrix[1][0], matrix[1][1]].map(|x| x as f32);
        self.bounds.set_parts(above(frame.parts()[0]));
        for h in 0..self.hidden {
            let (p, q) = (self.w1.row_mut(h), velocity.w1.row_mut(h));
            let factors = frame.factors();
            let [_, [weights, velocities]] =
                moving::rewrite(context.isa, p, q, &matrix, [0.0; 2], &factors, &last);
            let speed = terms.velocity.as_deref();
            let speed = speed.map_or(0.0, |terms| size(velocities, h, inputs.inputs(), terms));
            let size = size(weights, h, inputs.inputs(), terms);
            self.bounds.record_moving_rewrite(h, size, speed, 0.0);
        }
        velocity.frame = frame;
    }

    /// [`merge_offset`](Self::merge_offset) with a velocity, which has an offset of its own.
    fn merge_moving_offset(&mut self, context: Context, terms: &mut BiasTerms) {
        let inputs = context.problem.inputs();
        let last = last_block(inputs.inputs(), self.w1.width());
        let Some(velocity) = &mut self.velocity else { return };
        let Some(speeds) = terms.velocity.as_deref_mut() else { return };
        let (frame, background) = (velocity.frame, inputs.background());
        for h in 0..self.hidden {
            let offsets = [&mut terms.offset, &mut speeds.offset];
            let offsets = offsets.map(|offset| f64::from(std::mem::take(offset.at(h))));
            let offset = frame.coordinates(offsets).map(|x| x as f32);
            let (p, q) = (self.w1.row_mut(h), velocity.w1.row_mut(h));
            const SAME: [f32; 4] = [1.0, 0.0, 0.0, 1.0];
            let factors = frame.factors();
            let [[sum, speed_sum], [squares, speed_squares]] =
                moving::rewrite(context.isa, p, q, &SAME, offset, &factors, &last);
            let response = terms.bias.get(h) + background * sum;
            let before = std::mem::replace(terms.response.at(h), response);
            let speed = speeds.bias.get(h) + background * speed_sum;
            let speed_before = std::mem::replace(speeds.response.at(h), speed);
            let size = squares.sqrt() + response.abs() + terms.bias.get(h).abs();
            // The jump of the velocity of the response adds to the speed.
            let speed = speed_squares.sqrt()
                + speed.abs()
                + speeds.bias.get(h).abs()
                + (speed - speed_before).abs();
            self.bounds.record_moving_rewrite(h, size, speed, response - before);
        }
    }

    /// Adds u to every weight of its unit and sets it to 0, and recomputes v = b1 + b W1 1.
    fn merge_offset(&mut self, context: Context, terms: &mut BiasTerms) {
        let inputs = context.problem.inputs();
        let last = last_block(inputs.inputs(), self.w1.width());
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

/// √(the sum of squares of S_h) + √d |u_h| + |v_h| + |b1_h|, the size of what is stored for a unit.
fn size(squares: f32, h: usize, inputs: usize, terms: &BiasTerms) -> f32 {
    let spread = (inputs as f32).sqrt() * terms.offset.get(h).abs();
    squares.sqrt() + spread + terms.response.get(h).abs() + terms.bias.get(h).abs()
}

/// Marks by 1 the columns of the last block of a row that are in use.
fn last_block(inputs: usize, width: usize) -> Block {
    let used = inputs - (width - 1) * LANES;
    Block(std::array::from_fn(|lane| f32::from(u8::from(lane < used))))
}

/// Puts W1 and W2 of `stored` into the layout's order.
fn fill(problem: &Problem, stored: &Parameters, w1: &mut Matrix, w2: &mut Matrix) {
    let (inputs, hidden) = (problem.inputs(), stored.b1.len());
    for (h, row) in stored.w1.chunks(inputs.inputs()).enumerate() {
        for (position, &p) in inputs.order().iter().enumerate() {
            w1.set(h, position, row[p as usize]);
        }
        (0..problem.outputs()).for_each(|o| w2.set(o, h, stored.w2[o * hidden + h]));
    }
}

/// A matrix `[hidden][input]` of what `entry` says for unit and position.
fn by_input(problem: &Problem, hidden: usize, entry: impl Fn(usize, usize) -> f32) -> Vec<f32> {
    let inputs = problem.inputs();
    let mut rows = vec![0.0; hidden * inputs.inputs()];
    for (h, row) in rows.chunks_mut(inputs.inputs()).enumerate() {
        for (position, &p) in inputs.order().iter().enumerate() {
            row[p as usize] = entry(h, position);
        }
    }
    rows
}

/// The first `hidden` numbers of every row.
fn flat(matrix: &Matrix, hidden: usize) -> Vec<f32> {
    (0..matrix.rows() * hidden).map(|i| matrix.get(i / hidden, i % hidden)).collect()
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
        let Context { isa, problem, motion } = context;
        let frame = self.velocity.as_ref().map(|velocity| velocity.frame);
        if let (Some(frame), Some(motion)) = (frame, motion)
            && frame.rate != motion.rate
        {
            self.change_frame(context, terms, Frame::new(&motion));
        }
        let Self { w1, w2, bounds, activations, .. } = self;
        let (inputs, batch) = (problem.inputs(), &block[rows]);
        match &mut self.velocity {
            None => forward::activations(isa, w1, terms, bounds, inputs, batch, activations),
            Some(Velocity { w1: q, frame, line, .. }) => {
                let ([a, b, ..], w1) = (frame.factors(), [&*w1, &*q]);
                moving::activations(
                    isa,
                    w1,
                    [a, b],
                    terms,
                    bounds,
                    inputs,
                    batch,
                    activations,
                    line,
                );
            }
        }
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
        let Context { isa, problem, motion } = context;
        let (inputs, batch) = (problem.inputs(), &block[rows]);
        let Self { w1, w2, bounds, activations, new_w2, .. } = self;
        if let (Some(velocity), Some(motion)) = (&mut self.velocity, motion) {
            let (frame, gains) = velocity.frame.after(&motion);
            let step_bounds = StepBounds::new(&motion, frame);
            let (w1, w2) = ([w1, &mut velocity.w1], [w2, &mut velocity.w2]);
            let (gains, step) = (gains.map(|gain| gain as f32), &motion.step);
            let active = moving::backward(
                isa,
                w1,
                gains,
                w2,
                terms,
                step,
                bounds,
                &step_bounds,
                activations,
                e,
                inputs,
                batch,
                new_w2,
            );
            velocity.frame = frame;
            bounds.set_parts(step_bounds.parts[0]);
            if frame.is_spent() {
                self.change_frame(context, terms, frame.restarted());
            }
            return active;
        }
        backward::backward(isa, w1, w2, terms, bounds, activations, e, inputs, batch, new_w2)
    }

    fn end_epoch(&mut self, context: Context, terms: &mut BiasTerms) {
        self.bounds.restart_paths();
        if context.problem.inputs().background() != 0.0 {
            match &self.velocity {
                None => self.merge_offset(context, terms),
                Some(_) => self.merge_moving_offset(context, terms),
            }
        }
    }

    fn stored(&self, problem: &Problem) -> (Vec<f32>, Vec<f32>) {
        let w1 = match &self.velocity {
            None => by_input(problem, self.hidden, |h, i| self.w1.get(h, i)),
            Some(velocity) => {
                let [a, b, ..] = velocity.frame.factors();
                let (p, q) = (&self.w1, &velocity.w1);
                by_input(problem, self.hidden, |h, i| a * p.get(h, i) + b * q.get(h, i))
            }
        };
        (w1, flat(&self.w2, self.hidden))
    }

    fn stored_velocity(&self, problem: &Problem) -> Option<(Vec<f32>, Vec<f32>)> {
        let velocity = self.velocity.as_ref()?;
        let [.., c, d] = velocity.frame.factors();
        let (p, q) = (&self.w1, &velocity.w1);
        let w1 = by_input(problem, self.hidden, |h, i| c * p.get(h, i) + d * q.get(h, i));
        Some((w1, flat(&velocity.w2, self.hidden)))
    }

    fn coordinates(&self, problem: &Problem) -> Option<(Frame, [Vec<f32>; 2])> {
        let velocity = self.velocity.as_ref()?;
        let rows = [&self.w1, &velocity.w1];
        let rows = rows.map(|rows| by_input(problem, self.hidden, |h, i| rows.get(h, i)));
        Some((velocity.frame, rows))
    }
}
