//! Several small steps in one pass over the weights: the update of W1 is deferred to the end of a block.
//!
//! With a batch of one, a step reads and rewrites every weight row of its sample, so the memory's speed is the
//! limit. But the next samples are known, and a step changes S by Σ_r `D[r]` s_rᵀ only. So the products S s_k
//! of the block's samples are computed together with the weights at its beginning, each is corrected by
//! Σ_r (s_r·s_k) `D[r]` over the steps before it, and the weights are updated once. In exact arithmetic these
//! are the same steps.

use super::super::bias_terms::BiasTerms;
use super::super::block::{Block, Strip, WIDTH};
use super::super::inputs::SparseInputs;
use super::super::isa::kernel;
use super::super::simd::Simd;
use super::tiles::Tiles;

kernel! {
    /// `products[k·n + r]` = s_r·s_k for r < k, n = batch.len(). `line` is scratch.
    fn inner_products(data: &SparseInputs, batch: &[u32], products: &mut [f32], line: &mut [Block]) = products_body
}

kernel! {
    /// Turns `z[k]`, S s_k with the weights at the block's beginning, into the current preactivation: adds v + u Σ_p s_p and Σ_{r < done} `products[r]` `z[r]`, where `z[r]` is `D[r]` already.
    fn add_changes(terms: &BiasTerms, data: &SparseInputs, sample: u32, products: &[f32], done: usize, k: usize, z: &mut Tiles)
        = add_changes_body
}

#[inline(always)]
fn products_body<S: Simd>(
    s: S,
    data: &SparseInputs,
    batch: &[u32],
    products: &mut [f32],
    line: &mut [Block],
) {
    for (k, &sample) in batch.iter().enumerate() {
        line.fill(Block::ZERO);
        let (index, values) = data.lines(sample);
        for (&at, value) in index.iter().zip(values) {
            line[at as usize] = *value;
        }
        for (r, &earlier) in batch[..k].iter().enumerate() {
            let (index, values) = data.lines(earlier);
            let mut sum = s.splat(0.0);
            for (&at, value) in index.iter().zip(values) {
                sum = s.mul_add(s.load(value), s.load(&line[at as usize]), sum);
            }
            products[k * batch.len() + r] = s.sum(sum);
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
fn add_changes_body<S: Simd>(
    s: S,
    terms: &BiasTerms,
    data: &SparseInputs,
    sample: u32,
    products: &[f32],
    done: usize,
    k: usize,
    z: &mut Tiles,
) {
    let sum = s.splat(data.stats(sample).sparse_sum);
    for t in 0..z.count() {
        let (earlier, z) = z.tile_mut(t).split_at_mut(k);
        let (offset, response, z): (&Strip, &Strip, &mut Strip) =
            (&terms.offset.0[t], &terms.response.0[t], &mut z[0]);
        let start = |j: usize| s.mul_add(sum, s.load(&offset[j]), s.load(&response[j]));
        let mut sums: [S::V; WIDTH] = std::array::from_fn(|j| s.add(start(j), s.load(&z[j])));
        for (change, &product) in earlier[..done].iter().zip(products) {
            let product = s.splat(product);
            for j in 0..WIDTH {
                sums[j] = s.mul_add(product, s.load(&change[j]), sums[j]);
            }
        }
        for j in 0..WIDTH {
            s.store(sums[j], &mut z[j]);
        }
    }
}
