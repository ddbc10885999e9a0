//! The kernel of the output layer: hidden units, outputs, residual and loss of one batch.

use cubecl::prelude::*;

/// Threads of a cube; the sum over hidden units halves them.
pub const THREADS: u32 = 256;

/// For every run and every sample of its batch, from the partial products of the first layer:
///   a = max(0, b1 + Σ_c partial_c), r = W2 a + b2 − y, ‖r‖² added to the run's `loss`, and r·scale.
///
/// Cubes: (m samples of the batch, runs), of [`THREADS`] threads.
#[cube(launch)]
#[expect(clippy::too_many_arguments, reason = "a kernel's arguments are its buffers")]
pub fn output_layer(
    // n × q
    targets: &[f32],
    // steps × runs × batch: sample indices
    order: &[u32],
    // runs × (q·h + h + pad(q)): W2ᵀ, b1, b2
    packed: &[f32],
    // runs: −2cη/m
    scale: &[f32],
    // chunks × runs × m × h
    partial: &[f32],
    // runs × m × h
    hidden: &mut [f32],
    // runs × m × q
    residual: &mut [f32],
    // runs × max_batch
    loss: &mut [f32],
    units: u32,
    runs: u32,
    chunks: u32,
    packed_length: u32,
    max_batch: u32,
    next: u32,
    #[comptime] batch: usize,
    #[comptime] outputs: usize,
) {
    let threads = CUBE_DIM_X as usize;
    let (sample, run, thread) = (CUBE_POS_X as usize, CUBE_POS_Y as usize, UNIT_POS_X as usize);
    let units = units as usize;
    let runs = runs as usize;
    let row = run * batch + sample;
    let packed_start = run * packed_length as usize;

    let mut sums = Array::<f32>::new(outputs);
    #[unroll]
    for k in 0..outputs {
        sums[k] = 0.0f32;
    }
    for unit in range_stepped(thread, units, threads) {
        let mut z = packed[packed_start + outputs * units + unit];
        for c in 0..chunks as usize {
            z += partial[((c * runs + run) * batch + sample) * units + unit];
        }
        // NaN, of a run that diverges, stays NaN.
        let a = select(z <= 0.0f32, 0.0f32, z);
        hidden[row * units + unit] = a;
        #[unroll]
        for k in 0..outputs {
            sums[k] += a * packed[packed_start + k * units + unit];
        }
    }
    let mut shared = Shared::new_slice(comptime!(outputs * THREADS as usize));
    #[unroll]
    for k in 0..outputs {
        shared[k * threads + thread] = sums[k];
    }
    sync_cube();
    let mut half = threads / 2;
    while half > 0 {
        if thread < half {
            #[unroll]
            for k in 0..outputs {
                let other = shared[k * threads + thread + half];
                shared[k * threads + thread] += other;
            }
        }
        sync_cube();
        half /= 2;
    }
    if thread == 0 {
        let target = order[next as usize + row] as usize * outputs;
        let mut squared = 0.0f32;
        #[unroll]
        for k in 0..outputs {
            let bias = packed[packed_start + (outputs + 1) * units + k];
            let r = shared[k * threads] + bias - targets[target + k];
            squared += r * r;
            residual[row * outputs + k] = r * scale[run];
        }
        loss[run * max_batch as usize + sample] += squared;
    }
}
