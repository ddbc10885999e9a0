//! Z = X W1 with W1 stored by pixel: a sparse row times a dense matrix, a tile of hidden units at a time.

use super::super::base::Base;
use super::super::block::{Strip, WIDTH, ZERO_STRIP};
use super::super::inputs::{Entry, SparseInputs};
use super::super::isa::kernel;
use super::super::simd::Simd;
use super::tiles::Tiles;

/// Samples that go through a tile of W1 together, segment by segment: their strips of Z stay in the L2 cache.
const CHUNK: usize = 64;

kernel! {
    /// `z[k]` = v + u Σ_p s_p + Σ_p s_p `W1[p]` for every sample of the batch, without v and u if there is no base.
    fn preactivations(base: Option<&Base>, w1: &Tiles, data: &SparseInputs, batch: &[u32], z: &mut Tiles) = body
}

#[inline(always)]
fn body<S: Simd>(
    s: S,
    base: Option<&Base>,
    w1: &Tiles,
    data: &SparseInputs,
    batch: &[u32],
    z: &mut Tiles,
) {
    for t in 0..w1.count() {
        let (w1, z) = (w1.tile(t), z.tile_mut(t));
        for (batch, z) in batch.chunks(CHUNK).zip(z.chunks_mut(CHUNK)) {
            match base {
                Some(base) => start(s, base, data, batch, z, t),
                None => z[..batch.len()].fill(ZERO_STRIP),
            }
            respond(s, w1, data, batch, z);
        }
    }
}

#[inline(always)]
fn respond<S: Simd>(s: S, w1: &[Strip], data: &SparseInputs, batch: &[u32], z: &mut [Strip]) {
    for segment in 0..data.segments() {
        for (z, &sample) in z.iter_mut().zip(batch) {
            accumulate(s, w1, data.segment(sample, segment), z);
        }
    }
}

/// The preactivations before the sparse part.
#[inline(always)]
fn start<S: Simd>(
    s: S,
    base: &Base,
    data: &SparseInputs,
    batch: &[u32],
    z: &mut [Strip],
    t: usize,
) {
    let (offset, response) = (&base.offset.0[t], &base.response.0[t]);
    for (z, &sample) in z.iter_mut().zip(batch) {
        let sum = s.splat(data.measures(sample).sparse_sum);
        for j in 0..WIDTH {
            s.store(s.mul_add(sum, s.load(&offset[j]), s.load(&response[j])), &mut z[j]);
        }
    }
}

#[inline(always)]
fn accumulate<S: Simd>(s: S, w1: &[Strip], entries: &[Entry], z: &mut Strip) {
    let mut sums: [S::V; WIDTH] = std::array::from_fn(|j| s.load(&z[j]));
    for entry in entries {
        let weights = &w1[entry.index as usize];
        let x = s.splat(entry.value);
        for j in 0..WIDTH {
            sums[j] = s.mul_add(x, s.load(&weights[j]), sums[j]);
        }
    }
    for j in 0..WIDTH {
        s.store(sums[j], &mut z[j]);
    }
}
