//! The kernel of the first layer: the update of the last step and the product of the next.

use cubecl::prelude::*;

use super::geometry::Geometry;

/// For every run and every vector of hidden units: applies the last step's gradient, then multiplies
/// the next batch by the updated weights, so that W1 is read and written once a step.
///
/// With p samples in the last batch and m in the next (either may be 0), h hidden units in vectors of
/// N, f inputs and q outputs:
///   δ_b = 1[a_b > 0] ⊙ W2ᵀr_b, W1 += Σ_b x_b δ_bᵀ, W2 += Σ_b a_b r_bᵀ, b1 += Σ_b δ_b, b2 += Σ_b r_b,
///   partial_c = X_next W1 over the inputs of chunk c,
/// where r is the residual times −2cη/p. The other parameters (W2ᵀ, b1, b2) are read from `packed` and
/// written to `updated`, as every chunk of inputs needs the old ones.
///
/// Cubes: (units / cube, chunks of inputs, runs).
#[cube(launch)]
#[expect(clippy::too_many_arguments, reason = "a kernel's arguments are its buffers")]
pub fn first_layer<N: Size>(
    // n × f
    inputs: &[f32],
    // steps × runs × batch: sample indices
    order: &[u32],
    // runs × f × h/N
    weights: &mut [Vector<f32, N>],
    // runs × (q·h + h + pad(q))/N
    packed: &[Vector<f32, N>],
    updated: &mut [Vector<f32, N>],
    // runs × p × h/N: a of the last batch
    hidden: &[Vector<f32, N>],
    // runs × p × q: r of the last batch
    residual: &[f32],
    // chunks × runs × m × h/N
    partial: &mut [Vector<f32, N>],
    geometry: Geometry,
    chunk: u32,
    #[comptime] last: usize,
    #[comptime] next: usize,
    #[comptime] outputs: usize,
) {
    let unit = ABSOLUTE_POS_X as usize;
    let units = geometry.units as usize;
    if unit >= units {
        terminate!();
    }
    let lanes = N::value();
    let (features, runs, run) =
        (geometry.features as usize, geometry.runs as usize, CUBE_POS_Z as usize);
    let zero = Vector::<f32, N>::new(0.0f32);
    let packed_length = (outputs + 1) * units + comptime!(outputs.div_ceil(lanes));
    let packed_start = run * packed_length;

    let mut deltas = Array::<Vector<f32, N>>::new(last);
    #[unroll]
    for b in 0..last {
        let row = run * last + b;
        let mut back = zero;
        #[unroll]
        for k in 0..outputs {
            let r = Vector::<f32, N>::new(residual[row * outputs + k]);
            back += r * packed[packed_start + k * units + unit];
        }
        let a = hidden[row * units + unit];
        deltas[b] = select_many(a.greater_than(&zero), back, zero);
    }
    if comptime!(last > 0) && CUBE_POS_Y == 0 {
        #[unroll]
        for k in 0..outputs {
            let at = packed_start + k * units + unit;
            let mut w = packed[at];
            #[unroll]
            for b in 0..last {
                let row = run * last + b;
                w +=
                    Vector::<f32, N>::new(residual[row * outputs + k]) * hidden[row * units + unit];
            }
            updated[at] = w;
        }
        let at = packed_start + outputs * units + unit;
        let mut bias = packed[at];
        #[unroll]
        for b in 0..last {
            bias += deltas[b];
        }
        updated[at] = bias;
    }
    if comptime!(last > 0) && CUBE_POS_Y == 0 {
        for part in range_stepped(unit, comptime!(outputs.div_ceil(lanes)), units) {
            let at = packed_start + (outputs + 1) * units + part;
            let mut bias = packed[at];
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
            updated[at] = bias;
        }
    }

    let mut before = Array::<u32>::new(last);
    #[unroll]
    for b in 0..last {
        before[b] = order[geometry.last as usize + run * last + b] * geometry.features;
    }
    let mut after = Array::<u32>::new(next);
    let mut sums = Array::<Vector<f32, N>>::new(next);
    #[unroll]
    for b in 0..next {
        after[b] = order[geometry.next as usize + run * next + b] * geometry.features;
        sums[b] = zero;
    }
    let first = CUBE_POS_Y * chunk;
    let end = min(first + chunk, geometry.features);
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
