//! Between epochs: adds the offset u, which is kept apart from W1 during the steps, to the weights.

use super::super::block::Block;
use super::super::isa::kernel;
use super::super::simd::Simd;

kernel! {
    /// Adds `offset` to the weights of a row, of which `last` marks those in use in the last block by 1.
    /// Returns the sum and the sum of squares of the row.
    fn add_to_row(row: &mut [Block], offset: f32, last: &Block) -> (f32, f32) = body
}

#[inline(always)]
fn body<S: Simd>(s: S, row: &mut [Block], offset: f32, last: &Block) -> (f32, f32) {
    let offset = s.splat(offset);
    let (mut sum, mut squares) = (s.splat(0.0), s.splat(0.0));
    let mut add = |block: &mut Block, used: S::V| {
        let weights = s.mul_add(offset, used, s.load(block));
        s.store(weights, block);
        sum = s.add(sum, weights);
        squares = s.mul_add(weights, weights, squares);
    };
    if let Some((end, whole)) = row.split_last_mut() {
        whole.iter_mut().for_each(|block| add(block, s.splat(1.0)));
        add(end, s.load(last));
    }
    (s.sum(sum), s.sum(squares))
}
