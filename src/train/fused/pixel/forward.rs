//! Z = X W1 with W1 stored by position: sparse rows times a dense matrix, a tile of hidden units at a time.

use super::super::bias_terms::BiasTerms;
use super::super::block::{Strip, WIDTH, ZERO_STRIP};
use super::super::inputs::{SparseInputs, WORD};
use super::super::isa::kernel;
use super::super::simd::Simd;
use super::batch_patterns::{BatchPatterns, GROUP, PatternTile};
use super::pair::add_pair;
use super::tiles::Tiles;

kernel! {
    /// `z[k]` = v + u Σ_p s_p + Σ_p s_p `W1[p]` for every sample of the batch that `patterns` was filled with,
    /// without v and u if there are no terms.
    fn preactivations(
        terms: Option<&BiasTerms>, w1: &Tiles, data: &SparseInputs, batch: &[u32], patterns: &BatchPatterns, z: &mut Tiles,
    ) = body
}

#[inline(always)]
fn body<S: Simd>(
    s: S,
    terms: Option<&BiasTerms>,
    w1: &Tiles,
    data: &SparseInputs,
    batch: &[u32],
    patterns: &BatchPatterns,
    z: &mut Tiles,
) {
    for t in 0..w1.count() {
        let (w1, z) = (w1.tile(t), z.tile_mut(t));
        for (g, batch) in batch.chunks(GROUP).enumerate() {
            let z = &mut z[g * GROUP..][..batch.len().next_multiple_of(2)];
            match terms {
                Some(terms) => start_sums(s, terms, data, batch, z, t),
                None => z.fill(ZERO_STRIP),
            }
            add_products(s, w1, patterns.group(g), z);
        }
    }
}

/// Adds the sparse part, word by word of the inputs: 64 rows of a tile stay in the L1 cache.
#[inline(always)]
fn add_products<S: Simd>(s: S, w1: &[Strip], tiles: &[PatternTile], z: &mut [Strip]) {
    for (rows, tile) in w1.as_chunks::<WORD>().0.iter().zip(tiles) {
        for (pair, z) in z.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            let [first, second] = z;
            add_pair(s, rows, &tile.row(2 * pair), &tile.row(2 * pair + 1), first, second);
        }
    }
}

/// The preactivations before the sparse part.
#[inline(always)]
fn start_sums<S: Simd>(
    s: S,
    terms: &BiasTerms,
    data: &SparseInputs,
    batch: &[u32],
    z: &mut [Strip],
    t: usize,
) {
    let (offset, response) = (&terms.offset.0[t], &terms.response.0[t]);
    for (z, &sample) in z.iter_mut().zip(batch) {
        let sum = s.splat(data.stats(sample).sparse_sum);
        for j in 0..WIDTH {
            s.store(s.mul_add(sum, s.load(&offset[j]), s.load(&response[j])), &mut z[j]);
        }
    }
}
