//! W1 += Xᵀ D with W1 stored by position: every row takes from the samples in which its input is nonzero.

use super::super::block::Strip;
use super::super::inputs::WORD;
use super::super::simd::Simd;
use super::batch_patterns::{GROUP, PatternTile};
use super::pair::add_pair;

/// `W1[p]` += Σ_k s_kp·`D[k]` for every position p, within one tile and one group of samples.
#[inline(always)]
pub(super) fn add_columns<S: Simd>(
    s: S,
    w1: &mut [Strip],
    tiles: &[PatternTile],
    d: &[Strip; GROUP],
) {
    for (rows, tile) in w1.as_chunks_mut::<WORD>().0.iter_mut().zip(tiles) {
        for (pair, rows) in rows.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            let [first, second] = rows;
            let (a, b) = (tile.column(2 * pair), tile.column(2 * pair + 1));
            if a.mask | b.mask != 0 {
                add_pair(s, d, &a, &b, first, second);
            }
        }
    }
}
