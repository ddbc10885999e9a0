//! Z = X W1 with W1 stored by position: sparse rows times a dense matrix, a tile of hidden units at a time.

use super::super::base::Base;
use super::super::block::{Strip, WIDTH, ZERO_STRIP};
use super::super::inputs::{SparseInputs, WORD};
use super::super::isa::kernel;
use super::super::simd::Simd;
use super::gathered::{GROUP, Gathered, Table};
use super::pair::add_pair;
use super::tiles::Tiles;

kernel! {
    /// `z[k]` = v + u Σ_p s_p + Σ_p s_p `W1[p]` for every sample of the batch that `gathered` was filled with,
    /// without v and u if there is no base.
    fn preactivations(
        base: Option<&Base>, w1: &Tiles, data: &SparseInputs, batch: &[u32], gathered: &Gathered, z: &mut Tiles,
    ) = body
}

#[inline(always)]
fn body<S: Simd>(
    s: S,
    base: Option<&Base>,
    w1: &Tiles,
    data: &SparseInputs,
    batch: &[u32],
    gathered: &Gathered,
    z: &mut Tiles,
) {
    for t in 0..w1.count() {
        let (w1, z) = (w1.tile(t), z.tile_mut(t));
        for (g, batch) in batch.chunks(GROUP).enumerate() {
            let z = &mut z[g * GROUP..][..batch.len().next_multiple_of(2)];
            match base {
                Some(base) => start(s, base, data, batch, z, t),
                None => z.fill(ZERO_STRIP),
            }
            respond(s, w1, gathered.group(g), z);
        }
    }
}

/// Adds the sparse part, word by word of the inputs: 64 rows of a tile stay in the L1 cache.
#[inline(always)]
fn respond<S: Simd>(s: S, w1: &[Strip], tables: &[Table], z: &mut [Strip]) {
    for (rows, table) in w1.as_chunks::<WORD>().0.iter().zip(tables) {
        for (pair, z) in z.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            let [first, second] = z;
            add_pair(s, rows, &table.row(2 * pair), &table.row(2 * pair + 1), first, second);
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
