//! The step, tile by tile: everything that needs a tile is done while it is in cache.

use super::super::bias_terms::BiasTerms;
use super::super::block::{Strip, WIDTH};
use super::super::inputs::SparseInputs;
use super::super::isa::kernel;
use super::super::simd::Simd;
use super::batch_patterns::GROUP;
use super::tiles::Tiles;
use super::update::add_columns;
use super::workspace::Workspace;

kernel! {
    /// With the preactivations in rows `first`… of z and the scaled residuals e of the batch:
    /// W2 += Σ_k `e[k]` relu(`z[k]`)ᵀ; `D[k]` = W2ᵀ `e[k]` where `z[k]` > 0 (the old W2) replaces `z[k]`;
    /// `terms` are updated. W1 += Xᵀ D if W1 is given. Returns how many hidden units were active.
    fn backward(
        w1: Option<&mut Tiles>, w2: &mut Tiles, terms: &mut BiasTerms, workspace: &mut Workspace, e: &[f32], data: &SparseInputs,
        batch: &[u32], first: usize,
    ) -> u64 = body
}

kernel! {
    /// W1 += Xᵀ D for the block that `workspace` holds.
    fn update_w1(w1: &mut Tiles, workspace: &Workspace, samples: usize) = update_w1_body
}

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
fn body<S: Simd>(
    s: S,
    mut w1: Option<&mut Tiles>,
    w2: &mut Tiles,
    terms: &mut BiasTerms,
    workspace: &mut Workspace,
    e: &[f32],
    data: &SparseInputs,
    batch: &[u32],
    first: usize,
) -> u64 {
    let Workspace { z, patterns, new_w2, .. } = workspace;
    let mut active = 0;
    for t in 0..z.count() {
        new_w2.copy_from_slice(w2.tile(t));
        let groups = batch.chunks(GROUP).zip(e.chunks(GROUP * new_w2.len()));
        for (g, (batch, e)) in groups.enumerate() {
            let rows = &mut z.tile_mut(t)[first + g * GROUP..][..batch.len()];
            add_to_output_weights(s, new_w2, rows, e);
            active += hidden_changes(s, w2.tile(t), terms, rows, e, data, batch, t);
            if let Some(w1) = &mut w1 {
                add_columns(s, w1.tile_mut(t), patterns.group(g), z.group(t, g));
            }
        }
        w2.tile_mut(t).copy_from_slice(new_w2);
    }
    active
}

#[inline(always)]
fn update_w1_body<S: Simd>(s: S, w1: &mut Tiles, workspace: &Workspace, samples: usize) {
    for t in 0..w1.count() {
        for g in 0..samples.div_ceil(GROUP) {
            add_columns(s, w1.tile_mut(t), workspace.patterns.group(g), workspace.z.group(t, g));
        }
    }
}

/// One tile of W2 += Σ_k `e[k]` relu(`z[k]`)ᵀ.
#[inline(always)]
pub(super) fn add_to_output_weights<S: Simd>(s: S, w2: &mut [Strip], z: &[Strip], e: &[f32]) {
    let outputs = w2.len();
    for (o, w2) in w2.iter_mut().enumerate() {
        let mut sums: [S::V; WIDTH] = std::array::from_fn(|j| s.load(&w2[j]));
        for (z, e) in z.iter().zip(e.chunks(outputs)) {
            let e = s.splat(e[o]);
            for j in 0..WIDTH {
                sums[j] = s.mul_add(e, s.relu(s.load(&z[j])), sums[j]);
            }
        }
        for j in 0..WIDTH {
            s.store(sums[j], &mut w2[j]);
        }
    }
}

/// Replaces one tile of every `z[k]` by `D[k]`, and updates the terms by the batch's sums.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
pub(super) fn hidden_changes<S: Simd>(
    s: S,
    w2: &[Strip],
    terms: &mut BiasTerms,
    z: &mut [Strip],
    e: &[f32],
    data: &SparseInputs,
    batch: &[u32],
    t: usize,
) -> u64 {
    let (bias, offset, response) =
        (&mut terms.bias.0[t], &mut terms.offset.0[t], &mut terms.response.0[t]);
    let smallest = s.splat(f32::from_bits(1));
    let mut sums = [s.splat(0.0); WIDTH];
    let mut responses: [S::V; WIDTH] = std::array::from_fn(|j| s.load(&response[j]));
    let mut active = 0;
    for ((z, &sample), e) in z.iter_mut().zip(batch).zip(e.chunks(w2.len())) {
        let gain = s.splat(data.stats(sample).background_gain);
        let mut changes = [s.splat(0.0); WIDTH];
        for (e, w2) in e.iter().zip(w2) {
            let e = s.splat(*e);
            for j in 0..WIDTH {
                changes[j] = s.mul_add(e, s.load(&w2[j]), changes[j]);
            }
        }
        for j in 0..WIDTH {
            let gate = s.load(&z[j]);
            active += u64::from(s.at_least(gate, smallest).count_ones());
            let change = s.where_positive(changes[j], gate);
            s.store(change, &mut z[j]);
            sums[j] = s.add(sums[j], change);
            responses[j] = s.mul_add(gain, change, responses[j]);
        }
    }
    let background = s.splat(data.background());
    for j in 0..WIDTH {
        s.store(responses[j], &mut response[j]);
        s.store(s.add(s.load(&bias[j]), sums[j]), &mut bias[j]);
        s.store(s.mul_add(background, sums[j], s.load(&offset[j])), &mut offset[j]);
    }
    active
}
