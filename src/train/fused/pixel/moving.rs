//! Steps with a velocity.
//!
//! A step of a large batch is θ ← aθ + cv, v ← dθ + mv + g, θ ← θ + bv, for every weight while its row is in
//! cache. Of a block of small steps, that is done at once: (θ, v) ← M^K (θ, v) + Σ_r M^{K−1−k(r)} (b, 1) g_r, where
//! g_r is the gradient of sample r in the block's step k(r) of K.

use super::super::bias_terms::BiasTerms;
use super::super::block::{Strip, WIDTH};
use super::super::inputs::{SparseInputs, WORD};
use super::super::isa::kernel;
use super::super::motion::Step;
use super::super::simd::Simd;
use super::backward::{add_to_output_weights, hidden_changes};
use super::batch_patterns::{GROUP, PatternTile};
use super::pair::{WeightedColumn, load, pair_sums};
use super::tiles::Tiles;
use super::velocity::Responses;
use super::workspace::Workspace;

kernel! {
    /// With the preactivations in rows `first`… of z and the residuals e of the batch, scaled to gradients: the
    /// step of W2 and of the terms; `D[k]` = W2ᵀ `e[k]` where `z[k]` > 0 (the old W2) replaces `z[k]`. The step of
    /// W1 along Xᵀ D, too, if W1 and its velocity are given. Positions from `used` on are off in every sample;
    /// they stay if `rests`. Returns how many hidden units were active.
    fn backward(
        w1: Option<[&mut Tiles; 2]>, w2: [&mut Tiles; 2], terms: &mut BiasTerms, workspace: &mut Workspace, step: &Step,
        rests: bool, e: &[f32], data: &SparseInputs, batch: &[u32], first: usize,
    ) -> u64 = body
}

kernel! {
    /// The steps of W1 in the block that `workspace` holds: its weights and velocities times `matrix`, M^K, and
    /// what the gradients of the samples have become.
    fn update_w1(w1: [&mut Tiles; 2], workspace: &Workspace, matrix: &[f32; 4], rests: bool, responses: &Responses) = update_body
}

kernel! {
    /// `z[k]` = a `z[k]` + b `other[k]`.
    fn blend(z: &mut Tiles, other: &Tiles, k: usize, a: f32, b: f32) = blend_body
}

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
fn body<S: Simd>(
    s: S,
    mut w1: Option<[&mut Tiles; 2]>,
    [w2, v2]: [&mut Tiles; 2],
    terms: &mut BiasTerms,
    workspace: &mut Workspace,
    step: &Step,
    rests: bool,
    e: &[f32],
    data: &SparseInputs,
    batch: &[u32],
    first: usize,
) -> u64 {
    let Workspace { z, patterns, new_w2: old_w2, .. } = workspace;
    let groups = batch.len().div_ceil(GROUP);
    let mut active = 0;
    for t in 0..z.count() {
        old_w2.copy_from_slice(w2.tile(t));
        begin(s, step, w2.tile_mut(t), v2.tile_mut(t));
        begin_terms(s, step, terms, t);
        let Some(velocity) = terms.velocity.as_deref_mut() else { return 0 };
        let parts = batch.chunks(GROUP).zip(e.chunks(GROUP * old_w2.len()));
        for (g, (batch, e)) in parts.enumerate() {
            let rows = &mut z.tile_mut(t)[first + g * GROUP..][..batch.len()];
            add_to_output_weights(s, v2.tile_mut(t), rows, e);
            active += hidden_changes(s, old_w2, velocity, rows, e, data, batch, t);
            if let Some([w1, v1]) = &mut w1 {
                let part = Part { begins: g == 0, ends: g + 1 == groups, rests };
                let (w1, v1) = (w1.tile_mut(t), v1.tile_mut(t));
                move_rows(s, step, part, w1, v1, patterns.group(g), z.group(t, g));
            }
        }
        end(s, step, w2.tile_mut(t), v2.tile(t));
        end_terms(s, step, terms, t);
    }
    active
}

/// Which parts of a step are due.
#[derive(Clone, Copy)]
struct Part {
    /// The first: no gradient has been added yet.
    begins: bool,
    /// The second: this is the last gradient.
    ends: bool,
    /// Neither moves what has no gradient and no velocity.
    rests: bool,
}

/// One tile of the step of W1, of which `d` has the gradients of a group of samples.
#[inline(always)]
fn move_rows<S: Simd>(
    s: S,
    step: &Step,
    part: Part,
    w1: &mut [Strip],
    v1: &mut [Strip],
    tiles: &[PatternTile],
    d: &[Strip; GROUP],
) {
    let words = w1.as_chunks_mut::<WORD>().0.iter_mut().zip(v1.as_chunks_mut::<WORD>().0);
    for ((w1, v1), tile) in words.zip(tiles) {
        let pairs = w1.as_chunks_mut::<2>().0.iter_mut().zip(v1.as_chunks_mut::<2>().0);
        for (pair, (w, v)) in pairs.enumerate() {
            if part.begins {
                begin(s, step, w, v);
            }
            let (a, b) = (tile.column(2 * pair), tile.column(2 * pair + 1));
            if a.mask | b.mask != 0 {
                let (mut p, mut q) = (load(s, &v[0]), load(s, &v[1]));
                pair_sums(s, d, &a, &b, &mut p, &mut q);
                for j in 0..WIDTH {
                    s.store(p[j], &mut v[0][j]);
                    s.store(q[j], &mut v[1][j]);
                }
            }
            if part.ends {
                end(s, step, w, v);
            }
        }
    }
    if part.ends && !part.rests {
        let off = tiles.len() * WORD;
        begin(s, step, &mut w1[off..], &mut v1[off..]);
        end(s, step, &mut w1[off..], &v1[off..]);
    }
}

/// The first part of a step: θ ← aθ + cv and v ← dθ + mv.
#[inline(always)]
fn begin<S: Simd>(s: S, step: &Step, positions: &mut [Strip], velocities: &mut [Strip]) {
    let momentum = s.splat(step.momentum);
    if step.keeps_position() && step.decay == 0.0 {
        for v in velocities.as_flattened_mut() {
            s.store(s.mul_add(momentum, s.load(v), s.splat(0.0)), v);
        }
        return;
    }
    let (kept, carried, decay) = (s.splat(step.kept), s.splat(step.carried), s.splat(step.decay));
    for (x, v) in positions.as_flattened_mut().iter_mut().zip(velocities.as_flattened_mut()) {
        let (at, velocity) = (s.load(x), s.load(v));
        let zero = s.splat(0.0);
        s.store(s.mul_add(decay, at, s.mul_add(momentum, velocity, zero)), v);
        s.store(s.mul_add(kept, at, s.mul_add(carried, velocity, zero)), x);
    }
}

/// The second part: θ ← θ + bv.
#[inline(always)]
fn end<S: Simd>(s: S, step: &Step, positions: &mut [Strip], velocities: &[Strip]) {
    let push = s.splat(step.push);
    for (x, v) in positions.as_flattened_mut().iter_mut().zip(velocities.as_flattened()) {
        s.store(s.mul_add(push, s.load(v), s.load(x)), x);
    }
}

/// The first part of the step of one tile of the terms.
#[inline(always)]
fn begin_terms<S: Simd>(s: S, step: &Step, terms: &mut BiasTerms, t: usize) {
    if let Some(v) = terms.velocity.as_deref_mut() {
        begin(s, step, &mut terms.bias.0[t..=t], &mut v.bias.0[t..=t]);
        begin(s, step, &mut terms.offset.0[t..=t], &mut v.offset.0[t..=t]);
        begin(s, step, &mut terms.response.0[t..=t], &mut v.response.0[t..=t]);
    }
}

/// The second part.
#[inline(always)]
fn end_terms<S: Simd>(s: S, step: &Step, terms: &mut BiasTerms, t: usize) {
    if let Some(v) = terms.velocity.as_deref() {
        end(s, step, &mut terms.bias.0[t..=t], &v.bias.0[t..=t]);
        end(s, step, &mut terms.offset.0[t..=t], &v.offset.0[t..=t]);
        end(s, step, &mut terms.response.0[t..=t], &v.response.0[t..=t]);
    }
}

#[inline(always)]
fn update_body<S: Simd>(
    s: S,
    [w1, v1]: [&mut Tiles; 2],
    workspace: &Workspace,
    matrix: &[f32; 4],
    rests: bool,
    responses: &Responses,
) {
    let tiles = workspace.patterns.group(0);
    for t in 0..w1.count() {
        let (w1, v1, d) = (w1.tile_mut(t), v1.tile_mut(t), workspace.z.group(t, 0));
        let rows = w1.iter_mut().zip(&mut *v1);
        for (position, (w, v)) in rows.enumerate().take(tiles.len() * WORD) {
            let column = || tiles[position / WORD].column(position % WORD);
            let (mut p, mut q) = multiplied(s, matrix, w, v);
            if column().mask != 0 {
                let a = WeightedColumn { column: column(), weights: &responses.position };
                let b = WeightedColumn { column: column(), weights: &responses.velocity };
                pair_sums(s, d, &a, &b, &mut p, &mut q);
            }
            for j in 0..WIDTH {
                s.store(p[j], &mut w[j]);
                s.store(q[j], &mut v[j]);
            }
        }
        if !rests {
            let off = tiles.len() * WORD;
            for (w, v) in w1[off..].iter_mut().zip(&mut v1[off..]) {
                let (p, q) = multiplied(s, matrix, w, v);
                for j in 0..WIDTH {
                    s.store(p[j], &mut w[j]);
                    s.store(q[j], &mut v[j]);
                }
            }
        }
    }
}

/// `matrix` times (w, v).
#[inline(always)]
fn multiplied<S: Simd>(
    s: S,
    matrix: &[f32; 4],
    w: &Strip,
    v: &Strip,
) -> ([S::V; WIDTH], [S::V; WIDTH]) {
    let [a, b, c, d] = matrix.map(|factor| s.splat(factor));
    let sum =
        |x, y, j: usize| s.mul_add(x, s.load(&w[j]), s.mul_add(y, s.load(&v[j]), s.splat(0.0)));
    (std::array::from_fn(|j| sum(a, b, j)), std::array::from_fn(|j| sum(c, d, j)))
}

#[inline(always)]
fn blend_body<S: Simd>(s: S, z: &mut Tiles, other: &Tiles, k: usize, a: f32, b: f32) {
    let (a, b) = (s.splat(a), s.splat(b));
    for t in 0..z.count() {
        for (x, y) in z.tile_mut(t)[k].iter_mut().zip(&other.tile(t)[k]) {
            s.store(s.mul_add(a, s.load(x), s.mul_add(b, s.load(y), s.splat(0.0))), x);
        }
    }
}
