//! Steps with a velocity: weights of units that are off are left alone, in the [`Frame`](super::super::frame::Frame)
//! of the layer; biases, output weights and what bounds the units move in every step.

use super::super::bias_terms::BiasTerms;
use super::super::block::{Block, Matrix};
use super::super::inputs::SparseInputs;
use super::super::isa::kernel;
use super::super::motion::Step;
use super::super::simd::Simd;
use super::activations::Activations;
use super::bounds::{Bounds, StepBounds};
use super::forward::{TILE, gate, list_candidates};
use super::rows::{add_products, products};

kernel! {
    /// Fills `activations` for the batch, of weights a p + b q with `w1` = (p, q) and `factors` = (a, b). `line` is
    /// scratch of a row.
    fn activations(
        w1: [&Matrix; 2], factors: [f32; 2], terms: &BiasTerms, bounds: &mut Bounds, data: &SparseInputs, batch: &[u32],
        activations: &mut Activations, line: &mut [Block],
    ) = activations_body
}

kernel! {
    /// The step along the gradients of the batch, whose residuals are e, scaled to gradients. p and q of every unit
    /// that is active in sample k get (W2ᵀ `e[k]`) x̃ (the old W2) times `gains`. Returns how many hidden units were
    /// active.
    fn backward(
        w1: [&mut Matrix; 2], gains: [f32; 2], w2: [&mut Matrix; 2], terms: &mut BiasTerms, step: &Step, bounds: &mut Bounds,
        step_bounds: &StepBounds, activations: &Activations, e: &[f32], data: &SparseInputs, batch: &[u32], old_w2: &mut [Block],
    ) -> u64 = backward_body
}

kernel! {
    /// Turns (p, q) of a row into `matrix` times it plus `offset`, in the columns that `last` marks by 1 in the last
    /// block. Returns the sums and the sums of squares of the weights a p + b q and velocities c p + d q, with the
    /// new (p, q) and `frame` = (a, b, c, d).
    fn rewrite(p: &mut [Block], q: &mut [Block], matrix: &[f32; 4], offset: [f32; 2], frame: &[f32; 4], last: &Block) -> [[f32; 2]; 2]
        = rewrite_body
}

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
fn activations_body<S: Simd>(
    s: S,
    [p, q]: [&Matrix; 2],
    [a, b]: [f32; 2],
    terms: &BiasTerms,
    bounds: &mut Bounds,
    data: &SparseInputs,
    batch: &[u32],
    activations: &mut Activations,
    line: &mut [Block],
) {
    let (width, a, b) = (activations.values.width(), s.splat(a), s.splat(b));
    for first in (0..width).step_by(TILE) {
        let tile = first..width.min(first + TILE);
        for (k, &sample) in batch.iter().enumerate() {
            let candidates =
                list_candidates(s, bounds, sample, tile.clone(), &mut activations.candidates);
            let Activations { values, active, candidates: list } = &mut *activations;
            let (values, active) = (values.row_mut(k), &mut active[k * width..][..width]);
            products(s, p, data.lines(sample), list, values);
            products(s, q, data.lines(sample), list, line);
            for (j, _) in tile.clone().zip(candidates).filter(|(_, found)| *found != 0) {
                let part = s.mul_add(b, s.load(&line[j]), s.splat(0.0));
                s.store(s.mul_add(a, s.load(&values[j]), part), &mut values[j]);
            }
            gate(s, terms, bounds, data, sample, tile.clone(), &candidates, values, active);
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
fn backward_body<S: Simd>(
    s: S,
    [p, q]: [&mut Matrix; 2],
    gains: [f32; 2],
    [w2, v2]: [&mut Matrix; 2],
    terms: &mut BiasTerms,
    step: &Step,
    bounds: &mut Bounds,
    step_bounds: &StepBounds,
    activations: &Activations,
    e: &[f32],
    data: &SparseInputs,
    batch: &[u32],
    old_w2: &mut [Block],
) -> u64 {
    let mut count = 0;
    for j in 0..activations.values.width() {
        for (o, old) in old_w2.iter_mut().enumerate() {
            *old = w2.row(o)[j];
            begin(s, step, &mut w2.row_mut(o)[j], &mut v2.row_mut(o)[j]);
        }
        begin_terms(s, step, terms, j);
        let Some(velocity) = terms.velocity.as_deref_mut() else { return 0 };
        bounds.record_step(s, j, step_bounds);
        for ((k, &sample), e) in batch.iter().enumerate().zip(e.chunks(old_w2.len())) {
            let active = activations.active(k)[j];
            if active == 0 {
                continue;
            }
            count += u64::from(active.count_ones());
            let a = s.load(&activations.values.row(k)[j]);
            let mut change = s.splat(0.0);
            for ((o, &e), old) in e.iter().enumerate().zip(&*old_w2) {
                change = s.mul_add(s.splat(e), s.load(old), change);
                let v2 = &mut v2.row_mut(o)[j];
                s.store(s.mul_add(s.splat(e), a, s.load(v2)), v2);
            }
            let change = s.where_positive(change, a);
            let stats = data.stats(sample);
            velocity.update(s, j, change, data.background(), &stats);
            bounds.record_gradient(s, &stats, j, change, step_bounds);
            for (w1, gain) in [(&mut *p, gains[0]), (&mut *q, gains[1])] {
                let mut changes = Block::ZERO;
                s.store(s.mul_add(change, s.splat(gain), s.splat(0.0)), &mut changes);
                add_products(s, w1, data.lines(sample), j, active, &changes);
            }
        }
        for o in 0..old_w2.len() {
            end(s, step, &mut w2.row_mut(o)[j], &v2.row(o)[j]);
        }
        end_terms(s, step, terms, j);
    }
    count
}

/// The first part of a step: θ ← aθ + cv and v ← dθ + mv.
#[inline(always)]
fn begin<S: Simd>(s: S, step: &Step, position: &mut Block, velocity: &mut Block) {
    let (x, v, zero) = (s.load(position), s.load(velocity), s.splat(0.0));
    let sum = |a: f32, b: f32| s.mul_add(s.splat(a), x, s.mul_add(s.splat(b), v, zero));
    s.store(sum(step.kept, step.carried), position);
    s.store(sum(step.decay, step.momentum), velocity);
}

/// The second part: θ ← θ + bv.
#[inline(always)]
fn end<S: Simd>(s: S, step: &Step, position: &mut Block, velocity: &Block) {
    s.store(s.mul_add(s.splat(step.push), s.load(velocity), s.load(position)), position);
}

/// The first part of the step of block `j` of the terms.
#[inline(always)]
fn begin_terms<S: Simd>(s: S, step: &Step, terms: &mut BiasTerms, j: usize) {
    if let Some(v) = terms.velocity.as_deref_mut() {
        begin(s, step, terms.bias.block_mut(j), v.bias.block_mut(j));
        begin(s, step, terms.offset.block_mut(j), v.offset.block_mut(j));
        begin(s, step, terms.response.block_mut(j), v.response.block_mut(j));
    }
}

/// The second part.
#[inline(always)]
fn end_terms<S: Simd>(s: S, step: &Step, terms: &mut BiasTerms, j: usize) {
    if let Some(v) = terms.velocity.as_deref() {
        end(s, step, terms.bias.block_mut(j), v.bias.block(j));
        end(s, step, terms.offset.block_mut(j), v.offset.block(j));
        end(s, step, terms.response.block_mut(j), v.response.block(j));
    }
}

#[inline(always)]
fn rewrite_body<S: Simd>(
    s: S,
    p: &mut [Block],
    q: &mut [Block],
    matrix: &[f32; 4],
    offset: [f32; 2],
    frame: &[f32; 4],
    last: &Block,
) -> [[f32; 2]; 2] {
    let ([a, b, c, d], [u, v]) = (matrix.map(|x| s.splat(x)), offset.map(|x| s.splat(x)));
    let frame = frame.map(|x| s.splat(x));
    let [mut sums, mut squares] = [[s.splat(0.0); 2]; 2];
    let end = p.len().saturating_sub(1);
    for (i, (p, q)) in p.iter_mut().zip(q).enumerate() {
        let used = if i == end { s.load(last) } else { s.splat(1.0) };
        let (x, y) = (s.load(p), s.load(q));
        let zero = s.splat(0.0);
        let new = [
            s.mul_add(a, x, s.mul_add(b, y, s.mul_add(u, used, zero))),
            s.mul_add(c, x, s.mul_add(d, y, s.mul_add(v, used, zero))),
        ];
        s.store(new[0], p);
        s.store(new[1], q);
        for part in 0..2 {
            let second = s.mul_add(frame[2 * part + 1], new[1], zero);
            let value = s.mul_add(frame[2 * part], new[0], second);
            sums[part] = s.add(sums[part], value);
            squares[part] = s.mul_add(value, value, squares[part]);
        }
    }
    [sums.map(|sum| s.sum(sum)), squares.map(|sum| s.sum(sum))]
}
