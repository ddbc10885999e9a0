//! Between epochs: the part of W1 that was kept apart goes back into it.

use super::super::base::Base;
use super::super::block::{Strip, WIDTH, ZERO_STRIP};
use super::super::isa::kernel;
use super::super::simd::Simd;
use super::tiles::Tiles;

/// Rows whose sum is taken before it is added to the others': short sums round less.
const PART: usize = 32;

kernel! {
    /// Adds u to the first `inputs` weights of every unit and sets it to 0; v = b1 + b W1 1 is computed anew.
    fn fold(w1: &mut Tiles, inputs: usize, base: &mut Base, background: f32) = body
}

#[inline(always)]
fn body<S: Simd>(s: S, w1: &mut Tiles, inputs: usize, base: &mut Base, background: f32) {
    let background = s.splat(background);
    for t in 0..w1.count() {
        let sums = fold_tile(s, &mut w1.tile_mut(t)[..inputs], &base.offset.0[t]);
        base.offset.0[t] = ZERO_STRIP;
        let biases = &base.bias.0[t];
        for ((response, bias), sum) in base.response.0[t].iter_mut().zip(biases).zip(sums) {
            s.store(s.mul_add(background, sum, s.load(bias)), response);
        }
    }
}

/// Adds `offset` to every row and returns the sum of the rows.
#[inline(always)]
fn fold_tile<S: Simd>(s: S, w1: &mut [Strip], offset: &Strip) -> [S::V; WIDTH] {
    let offset: [S::V; WIDTH] = std::array::from_fn(|j| s.load(&offset[j]));
    let mut sums = [s.splat(0.0); WIDTH];
    for part in w1.chunks_mut(PART) {
        let mut part_sums = [s.splat(0.0); WIDTH];
        for row in part {
            for j in 0..WIDTH {
                let weights = s.add(s.load(&row[j]), offset[j]);
                s.store(weights, &mut row[j]);
                part_sums[j] = s.add(part_sums[j], weights);
            }
        }
        sums = std::array::from_fn(|j| s.add(sums[j], part_sums[j]));
    }
    sums
}
