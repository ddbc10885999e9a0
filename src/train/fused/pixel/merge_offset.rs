//! Between epochs: adds the offset u, which is kept apart from W1 during the steps, to the weights.

use super::super::bias_terms::BiasTerms;
use super::super::block::{Strip, WIDTH, ZERO_STRIP};
use super::super::isa::kernel;
use super::super::simd::Simd;
use super::tiles::Tiles;

/// Rows that are summed up by themselves before their sum is added to the others': short sums round less.
const CHUNK: usize = 32;

kernel! {
    /// Adds u to the first `inputs` weights of every unit and sets it to 0, and recomputes v = b1 + b W1 1.
    fn merge_offset(w1: &mut Tiles, inputs: usize, terms: &mut BiasTerms, background: f32) = body
}

#[inline(always)]
fn body<S: Simd>(s: S, w1: &mut Tiles, inputs: usize, terms: &mut BiasTerms, background: f32) {
    let background = s.splat(background);
    for t in 0..w1.count() {
        let sums = add_to_rows(s, &mut w1.tile_mut(t)[..inputs], &terms.offset.0[t]);
        terms.offset.0[t] = ZERO_STRIP;
        let biases = &terms.bias.0[t];
        for ((response, bias), sum) in terms.response.0[t].iter_mut().zip(biases).zip(sums) {
            s.store(s.mul_add(background, sum, s.load(bias)), response);
        }
    }
}

/// Adds `offset` to every row and returns the sum of the rows.
#[inline(always)]
fn add_to_rows<S: Simd>(s: S, w1: &mut [Strip], offset: &Strip) -> [S::V; WIDTH] {
    let offset: [S::V; WIDTH] = std::array::from_fn(|j| s.load(&offset[j]));
    let mut sums = [s.splat(0.0); WIDTH];
    for chunk in w1.chunks_mut(CHUNK) {
        let mut chunk_sums = [s.splat(0.0); WIDTH];
        for row in chunk {
            for j in 0..WIDTH {
                let weights = s.add(s.load(&row[j]), offset[j]);
                s.store(weights, &mut row[j]);
                chunk_sums[j] = s.add(chunk_sums[j], weights);
            }
        }
        sums = std::array::from_fn(|j| s.add(sums[j], chunk_sums[j]));
    }
    sums
}
