//! The first layer's kernel: what is left of the last step, and the first half of the next.

use burn::cubecl;
use burn::cubecl::prelude::*;

use super::place::Place;

/// For every run and every vector of hidden units: applies the last step's gradient and multiplies the
/// next batch with what comes out, so that W1 is read and written once a step.
///
/// With p samples in the last batch and m in the next (either may be 0), h hidden units in vectors of
/// N, f inputs and q outputs:
///   δ_b = 1[a_b > 0] ⊙ W2ᵀr_b, W1 += Σ_b x_b δ_bᵀ, W2 += Σ_b a_b r_bᵀ, b1 += Σ_b δ_b, b2 += Σ_b r_b,
///   partial_c = X_next W1 over the inputs of chunk c,
/// where r is the residual times −2cη/p. The head (W2ᵀ, b1, b2) is read from `head` and written to
/// `moved`, as every chunk of inputs needs the old one.
///
/// Cubes: (units / cube, chunks of inputs, runs).
#[cube(launch)]
#[expect(clippy::too_many_arguments, reason = "a kernel's arguments are its buffers")]
pub fn advance<N: Size>(
    // n × f
    inputs: &[f32],
    // steps × runs × batch: sample indices
    order: &[u32],
    // runs × f × h/N
    weights: &mut [Vector<f32, N>],
    // runs × (q·h + h + pad(q))/N
    head: &[Vector<f32, N>],
    moved: &mut [Vector<f32, N>],
    // runs × p × h/N: a of the last batch
    hidden: &[Vector<f32, N>],
    // runs × p × q: r of the last batch
    residual: &[f32],
    // chunks × runs × m × h/N
    partial: &mut [Vector<f32, N>],
    place: Place,
    chunk: u32,
    #[comptime] last: usize,
    #[comptime] next: usize,
    #[comptime] outputs: usize,
) {
    let unit = ABSOLUTE_POS_X as usize;
    let units = place.units as usize;
    if unit >= units {
        terminate!();
    }
    let lanes = N::value();
    let (features, runs, run) = (place.features as usize, place.runs as usize, CUBE_POS_Z as usize);
    let zero = Vector::<f32, N>::new(0.0f32);
    let head_length = (outputs + 1) * units + comptime!(outputs.div_ceil(lanes));
    let head_start = run * head_length;

    let mut deltas = Array::<Vector<f32, N>>::new(last);
    #[unroll]
    for b in 0..last {
        let row = run * last + b;
        let mut back = zero;
        #[unroll]
        for k in 0..outputs {
            let r = Vector::<f32, N>::new(residual[row * outputs + k]);
            back += r * head[head_start + k * units + unit];
        }
        let a = hidden[row * units + unit];
        deltas[b] = select_many(a.greater_than(&zero), back, zero);
    }
    if comptime!(last > 0) && CUBE_POS_Y == 0 {
        #[unroll]
        for k in 0..outputs {
            let at = head_start + k * units + unit;
            let mut w = head[at];
            #[unroll]
            for b in 0..last {
                let row = run * last + b;
                w +=
                    Vector::<f32, N>::new(residual[row * outputs + k]) * hidden[row * units + unit];
            }
            moved[at] = w;
        }
        let at = head_start + outputs * units + unit;
        let mut bias = head[at];
        #[unroll]
        for b in 0..last {
            bias += deltas[b];
        }
        moved[at] = bias;
    }
    if comptime!(last > 0) && CUBE_POS_Y == 0 {
        for part in range_stepped(unit, comptime!(outputs.div_ceil(lanes)), units) {
            let at = head_start + (outputs + 1) * units + part;
            let mut bias = head[at];
            #[unroll]
            for lane in 0..lanes {
                let k = part * lanes + lane;
                if k < outputs {
                    let mut sum = bias.extract(lane);
                    #[unroll]
                    for b in 0..last {
                        sum += residual[(run * last + b) * outputs + k];
                    }
                    bias.insert(lane, sum);
                }
            }
            moved[at] = bias;
        }
    }

    let mut before = Array::<u32>::new(last);
    #[unroll]
    for b in 0..last {
        before[b] = order[place.last as usize + run * last + b] * place.features;
    }
    let mut after = Array::<u32>::new(next);
    let mut sums = Array::<Vector<f32, N>>::new(next);
    #[unroll]
    for b in 0..next {
        after[b] = order[place.next as usize + run * next + b] * place.features;
        sums[b] = zero;
    }
    let first = CUBE_POS_Y * chunk;
    let end = min(first + chunk, place.features);
    for i in first..end {
        let at = (run * features + i as usize) * units + unit;
        let mut w = weights[at];
        if comptime!(last > 0) {
            #[unroll]
            for b in 0..last {
                w += Vector::<f32, N>::new(inputs[(before[b] + i) as usize]) * deltas[b];
            }
            weights[at] = w;
        }
        #[unroll]
        for b in 0..next {
            sums[b] += Vector::<f32, N>::new(inputs[(after[b] + i) as usize]) * w;
        }
    }
    #[unroll]
    for b in 0..next {
        let row = (CUBE_POS_Y as usize * runs + run) * next + b;
        partial[row * units + unit] = sums[b];
    }
}
