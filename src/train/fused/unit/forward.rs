//! Activations of the units that may be active, and the outputs.

use std::ops::Range;

use super::super::bias_terms::BiasTerms;
use super::super::block::{Block, LANES, Matrix};
use super::super::inputs::{SampleStats, SparseInputs};
use super::super::isa::kernel;
use super::super::simd::Simd;
use super::activations::Activations;
use super::bounds::Bounds;
use super::rows::products;

/// Blocks of units that a batch goes through together, so that their rows stay in the L2 cache.
pub(super) const TILE: usize = 16;

kernel! {
    /// Fills `activations` for the batch.
    fn activations(w1: &Matrix, terms: &BiasTerms, bounds: &mut Bounds, data: &SparseInputs, batch: &[u32], activations: &mut Activations)
        = activations_body
}

kernel! {
    /// `out[k]` = W2 relu(`z[k]`) without the bias.
    fn outputs(w2: &Matrix, activations: &Activations, out: &mut [f32]) = outputs_body
}

#[inline(always)]
fn activations_body<S: Simd>(
    s: S,
    w1: &Matrix,
    terms: &BiasTerms,
    bounds: &mut Bounds,
    data: &SparseInputs,
    batch: &[u32],
    activations: &mut Activations,
) {
    let width = activations.values.width();
    for first in (0..width).step_by(TILE) {
        let tile = first..width.min(first + TILE);
        for (k, &sample) in batch.iter().enumerate() {
            let candidates =
                list_candidates(s, bounds, sample, tile.clone(), &mut activations.candidates);
            let Activations { values, active, candidates: list } = &mut *activations;
            let (values, active) = (values.row_mut(k), &mut active[k * width..][..width]);
            products(s, w1, data.lines(sample), list, values);
            gate(s, terms, bounds, data, sample, tile.clone(), &candidates, values, active);
        }
    }
}

/// Lists the units of the tile's blocks that may be active, and returns them as bits, too.
#[inline(always)]
pub(super) fn list_candidates<S: Simd>(
    s: S,
    bounds: &Bounds,
    sample: u32,
    tile: Range<usize>,
    list: &mut Vec<u32>,
) -> [u16; TILE] {
    let mut candidates = [0; TILE];
    list.clear();
    for (j, found) in tile.zip(&mut candidates) {
        *found = bounds.candidates(s, sample, j);
        let mut bits = *found;
        while bits != 0 {
            list.push((j * LANES) as u32 + bits.trailing_zeros());
            bits &= bits - 1;
        }
    }
    candidates
}

/// Turns the products of the candidates into relu(z), and records which units are active.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
pub(super) fn gate<S: Simd>(
    s: S,
    terms: &BiasTerms,
    bounds: &mut Bounds,
    data: &SparseInputs,
    sample: u32,
    tile: Range<usize>,
    candidates: &[u16; TILE],
    values: &mut [Block],
    active: &mut [u16],
) {
    let stats = data.stats(sample);
    for (j, &candidates) in tile.zip(candidates) {
        active[j] = 0;
        if candidates != 0 {
            let z = preactivations(s, terms, &stats, j, &values[j]);
            bounds.record_preactivations(s, sample, &stats, j, candidates, z);
            active[j] = candidates & s.at_least(z, s.splat(f32::from_bits(1)));
            s.store(s.select(active[j], z, s.splat(0.0)), &mut values[j]);
        }
    }
}

#[inline(always)]
fn preactivations<S: Simd>(
    s: S,
    terms: &BiasTerms,
    stats: &SampleStats,
    j: usize,
    products: &Block,
) -> S::V {
    let (offset, response) = (s.load(terms.offset.block(j)), s.load(terms.response.block(j)));
    s.add(s.mul_add(s.splat(stats.sparse_sum), offset, response), s.load(products))
}

#[inline(always)]
fn outputs_body<S: Simd>(s: S, w2: &Matrix, activations: &Activations, out: &mut [f32]) {
    for (k, out) in out.chunks_mut(w2.rows()).enumerate() {
        let (values, active) = (activations.values.row(k), activations.active(k));
        for (o, out) in out.iter_mut().enumerate() {
            let mut sum = s.splat(0.0);
            for ((a, w), _) in
                values.iter().zip(w2.row(o)).zip(active).filter(|(_, active)| **active != 0)
            {
                sum = s.mul_add(s.load(a), s.load(w), sum);
            }
            *out = s.sum(sum);
        }
    }
}
