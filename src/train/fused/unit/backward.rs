//! The step, block by block of hidden units: a block's weight rows stay in cache for the whole batch.

use super::super::bias_terms::BiasTerms;
use super::super::block::{Block, Matrix};
use super::super::inputs::SparseInputs;
use super::super::isa::kernel;
use super::super::simd::Simd;
use super::activations::Activations;
use super::bounds::Bounds;
use super::rows::add_products;

kernel! {
    /// With the scaled residuals e of the batch: W2 += Σ_k `e[k]` relu(`z[k]`)ᵀ, and every unit that is active in
    /// sample k changes by (W2ᵀ `e[k]`) x̃ (the old W2). Returns how many hidden units were active.
    fn backward(
        w1: &mut Matrix, w2: &mut Matrix, terms: &mut BiasTerms, bounds: &mut Bounds, activations: &Activations,
        e: &[f32], data: &SparseInputs, batch: &[u32], new_w2: &mut [Block],
    ) -> u64 = body
}

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
fn body<S: Simd>(
    s: S,
    w1: &mut Matrix,
    w2: &mut Matrix,
    terms: &mut BiasTerms,
    bounds: &mut Bounds,
    activations: &Activations,
    e: &[f32],
    data: &SparseInputs,
    batch: &[u32],
    new_w2: &mut [Block],
) -> u64 {
    let mut count = 0;
    for j in 0..activations.values.width() {
        for (o, new_w2) in new_w2.iter_mut().enumerate() {
            *new_w2 = w2.row(o)[j];
        }
        for ((k, &sample), e) in batch.iter().enumerate().zip(e.chunks(new_w2.len())) {
            let active = activations.active(k)[j];
            if active == 0 {
                continue;
            }
            count += u64::from(active.count_ones());
            let a = s.load(&activations.values.row(k)[j]);
            let mut change = s.splat(0.0);
            for ((o, &e), new_w2) in e.iter().enumerate().zip(&mut *new_w2) {
                change = s.mul_add(s.splat(e), s.load(&w2.row(o)[j]), change);
                s.store(s.mul_add(s.splat(e), a, s.load(new_w2)), new_w2);
            }
            let change = s.where_positive(change, a);
            let stats = data.stats(sample);
            terms.update(s, j, change, data.background(), &stats);
            bounds.record_change(s, &stats, j, change);
            let mut changes = Block::ZERO;
            s.store(change, &mut changes);
            add_products(s, w1, data.lines(sample), j, active, &changes);
        }
        for (o, new_w2) in new_w2.iter().enumerate() {
            w2.row_mut(o)[j] = *new_w2;
        }
    }
    count
}
