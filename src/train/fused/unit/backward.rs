//! The step, block by block of hidden units: a block's weight rows stay in cache for the whole batch.

use super::super::base::Base;
use super::super::block::{Block, Matrix};
use super::super::inputs::SparseInputs;
use super::super::isa::kernel;
use super::super::simd::Simd;
use super::Activity;
use super::bounds::Bounds;
use super::rows::add_products;

kernel! {
    /// With the scaled residuals e of the batch: W2 += Σ_k `e[k]` relu(`z[k]`)ᵀ, and every unit that is on in
    /// sample k changes by (W2ᵀ `e[k]`) x̃ (the old W2). Returns how many hidden units were on.
    fn backward(
        w1: &mut Matrix, w2: &mut Matrix, base: &mut Base, bounds: &mut Bounds, activity: &Activity,
        e: &[f32], data: &SparseInputs, batch: &[u32], fresh: &mut [Block],
    ) -> u64 = body
}

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
fn body<S: Simd>(
    s: S,
    w1: &mut Matrix,
    w2: &mut Matrix,
    base: &mut Base,
    bounds: &mut Bounds,
    activity: &Activity,
    e: &[f32],
    data: &SparseInputs,
    batch: &[u32],
    fresh: &mut [Block],
) -> u64 {
    let mut count = 0;
    for j in 0..activity.values.width() {
        for (o, fresh) in fresh.iter_mut().enumerate() {
            *fresh = w2.row(o)[j];
        }
        for ((k, &sample), e) in batch.iter().enumerate().zip(e.chunks(fresh.len())) {
            let on = activity.on(k)[j];
            if on == 0 {
                continue;
            }
            count += u64::from(on.count_ones());
            let a = s.load(&activity.values.row(k)[j]);
            let mut change = s.splat(0.0);
            for ((o, &e), fresh) in e.iter().enumerate().zip(&mut *fresh) {
                change = s.mul_add(s.splat(e), s.load(&w2.row(o)[j]), change);
                s.store(s.mul_add(s.splat(e), a, s.load(fresh)), fresh);
            }
            let change = s.where_positive(change, a);
            let measures = data.measures(sample);
            base.change(s, j, change, data.background(), &measures);
            bounds.moved(s, &measures, j, change);
            let mut changes = Block::ZERO;
            s.store(change, &mut changes);
            add_products(s, w1, data.lines(sample), j, on, &changes);
        }
        for (o, fresh) in fresh.iter().enumerate() {
            w2.row_mut(o)[j] = *fresh;
        }
    }
    count
}
