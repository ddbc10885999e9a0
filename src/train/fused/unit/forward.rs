//! Preactivations of the units that may be on, and the outputs.

use std::ops::Range;

use super::super::base::Base;
use super::super::block::{Block, LANES, Matrix};
use super::super::inputs::{Measures, SparseInputs};
use super::super::isa::kernel;
use super::super::simd::Simd;
use super::Activity;
use super::bounds::Bounds;
use super::rows::products;

/// Blocks of units that a batch goes through together, so that their rows stay in the L2 cache.
const TILE: usize = 16;

kernel! {
    /// Fills `activity` for the batch.
    fn respond(w1: &Matrix, base: &Base, bounds: &mut Bounds, data: &SparseInputs, batch: &[u32], activity: &mut Activity)
        = respond_body
}

kernel! {
    /// `out[k]` = W2 relu(`z[k]`) without the bias.
    fn outputs(w2: &Matrix, activity: &Activity, out: &mut [f32]) = outputs_body
}

#[inline(always)]
fn respond_body<S: Simd>(
    s: S,
    w1: &Matrix,
    base: &Base,
    bounds: &mut Bounds,
    data: &SparseInputs,
    batch: &[u32],
    activity: &mut Activity,
) {
    let width = activity.values.width();
    for first in (0..width).step_by(TILE) {
        let tile = first..width.min(first + TILE);
        for (k, &sample) in batch.iter().enumerate() {
            let due = list_due(s, bounds, sample, tile.clone(), &mut activity.due);
            let Activity { values, on, due: list } = &mut *activity;
            let (values, on) = (values.row_mut(k), &mut on[k * width..][..width]);
            products(s, w1, data.lines(sample), list, values);
            gate(s, base, bounds, data, sample, tile.clone(), &due, values, on);
        }
    }
}

/// Lists the units of the tile's blocks that may be on, and returns them as bits, too.
#[inline(always)]
fn list_due<S: Simd>(
    s: S,
    bounds: &Bounds,
    sample: u32,
    tile: Range<usize>,
    list: &mut Vec<u32>,
) -> [u16; TILE] {
    let mut due = [0; TILE];
    list.clear();
    for (j, due) in tile.zip(&mut due) {
        *due = bounds.due(s, sample, j);
        let mut bits = *due;
        while bits != 0 {
            list.push((j * LANES) as u32 + bits.trailing_zeros());
            bits &= bits - 1;
        }
    }
    due
}

/// Turns the products of the units that are due into relu(z), and notes which are on.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
fn gate<S: Simd>(
    s: S,
    base: &Base,
    bounds: &mut Bounds,
    data: &SparseInputs,
    sample: u32,
    tile: Range<usize>,
    due: &[u16; TILE],
    values: &mut [Block],
    on: &mut [u16],
) {
    let measures = data.measures(sample);
    for (j, &due) in tile.zip(due) {
        on[j] = 0;
        if due != 0 {
            let z = preactivations(s, base, &measures, j, &values[j]);
            bounds.computed(s, sample, &measures, j, due, z);
            on[j] = due & s.at_least(z, s.splat(f32::from_bits(1)));
            s.store(s.select(on[j], z, s.splat(0.0)), &mut values[j]);
        }
    }
}

#[inline(always)]
fn preactivations<S: Simd>(
    s: S,
    base: &Base,
    measures: &Measures,
    j: usize,
    products: &Block,
) -> S::V {
    let (offset, response) = (s.load(base.offset.block(j)), s.load(base.response.block(j)));
    s.add(s.mul_add(s.splat(measures.sparse_sum), offset, response), s.load(products))
}

#[inline(always)]
fn outputs_body<S: Simd>(s: S, w2: &Matrix, activity: &Activity, out: &mut [f32]) {
    for (k, out) in out.chunks_mut(w2.rows()).enumerate() {
        let (values, on) = (activity.values.row(k), activity.on(k));
        for (o, out) in out.iter_mut().enumerate() {
            let mut sum = s.splat(0.0);
            for ((a, w), _) in values.iter().zip(w2.row(o)).zip(on).filter(|(_, on)| **on != 0) {
                sum = s.mul_add(s.load(a), s.load(w), sum);
            }
            *out = s.sum(sum);
        }
    }
}
