//! The GPU's own kernels for small batches against a plain loop in double precision.
use crate::common::adapter::skipped;
use crate::common::weights::distance;
use burn_tensor::Device;
use etastar::data::Dataset;
use etastar::device::{Backend, open_device};
use etastar::loss::Loss;
use etastar::net::{Activation, Layer, Weights};
use etastar::optimizer::Optimizer;
use etastar::train::row::{RowNetwork, fastest_network};

/// Features, hidden units, outputs, runs and batch size.
const CASES: [[usize; 5]; 8] = [
    [5, 1, 1, 1, 1],
    [9, 24, 4, 3, 16],
    [784, 64, 10, 2, 8],
    [33, 10, 16, 2, 5],
    [7, 7, 3, 4, 3],
    [300, 256, 2, 1, 2],
    [130, 600, 4, 3, 1],
    [12, 2, 7, 2, 4],
];
const SAMPLES: usize = 40;
const FACTOR: f64 = 0.5;

/// `None`, and said, on a machine without an adapter.
fn device() -> Option<Device> {
    // What is said of a device that goes without the kernels.
    drop(tracing_subscriber::fmt().with_test_writer().try_init());
    open_device(Backend::Wgpu, 0).map_err(|error| skipped(&error)).ok()
}

/// Numbers between −1 and 1 without a pattern.
fn numbers(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32) / (1_u64 << 23) as f32 - 1.0
    }
}

fn data(features: usize, outputs: usize) -> Dataset {
    let mut next = numbers(1);
    let mut matrix = |columns: usize| (0..SAMPLES * columns).map(|_| next()).collect::<Vec<_>>();
    let (inputs, targets) = (matrix(features), matrix(outputs));
    Dataset { inputs, targets, samples: SAMPLES, features, outputs, digest: String::new() }
}

fn network([features, hidden, outputs, ..]: [usize; 5], seed: u64) -> Weights {
    let mut next = numbers(seed);
    let mut layer = |inputs: usize, outputs: usize| Layer {
        inputs,
        outputs,
        weight: (0..inputs * outputs).map(|_| next() / (inputs as f32).sqrt()).collect(),
        bias: (0..outputs).map(|_| next()).collect(),
    };
    let layers = vec![layer(features, hidden), layer(hidden, outputs)];
    Weights { activation: Activation::Relu, layers }
}

fn order(length: usize, seed: u64) -> Vec<u32> {
    let mut next = numbers(seed);
    (0..length).map(|_| ((next() + 1.0) * 0.5 * SAMPLES as f32) as u32 % SAMPLES as u32).collect()
}

/// All weights in double precision.
struct Plain {
    layers: [(Vec<f64>, Vec<f64>); 2],
    widths: [usize; 3],
}

impl Plain {
    fn new(weights: &Weights) -> Self {
        let wide = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
        let [first, second] = [0, 1].map(|depth: usize| &weights.layers[depth]);
        Self {
            layers: [first, second].map(|layer| (wide(&layer.weight), wide(&layer.bias))),
            widths: [first.inputs, first.outputs, second.outputs],
        }
    }

    fn layer(&self, depth: usize, input: &[f64]) -> Vec<f64> {
        let (weight, bias) = &self.layers[depth];
        let rows = weight.chunks_exact(input.len()).zip(bias);
        rows.map(|(row, b)| b + row.iter().zip(input).map(|(w, x)| w * x).sum::<f64>()).collect()
    }

    /// One step; returns Σ ℓ before it.
    fn step(&mut self, data: &Dataset, batch: &[u32], rate: f64) -> f64 {
        let [features, hidden, outputs] = self.widths;
        let scale = -2.0 * FACTOR * rate / batch.len() as f64;
        let mut change = [(features, hidden), (hidden, outputs)]
            .map(|(inputs, outputs)| (vec![0.0; inputs * outputs], vec![0.0; outputs]));
        let mut loss = 0.0;
        for &sample in batch {
            let row = |values: &[f32], width: usize| -> Vec<f64> {
                let start = sample as usize * width;
                values[start..start + width].iter().map(|&x| f64::from(x)).collect()
            };
            let (x, y) = (row(&data.inputs, features), row(&data.targets, outputs));
            let a: Vec<f64> = self.layer(0, &x).into_iter().map(|z| z.max(0.0)).collect();
            let residual: Vec<f64> = self.layer(1, &a).iter().zip(&y).map(|(f, y)| f - y).collect();
            loss += FACTOR * residual.iter().map(|r| r * r).sum::<f64>();
            let delta = |j: usize| -> f64 {
                let back = (0..outputs).map(|k| residual[k] * self.layers[1].0[k * hidden + j]);
                if a[j] > 0.0 { back.sum() } else { 0.0 }
            };
            let deltas: Vec<f64> = (0..hidden).map(delta).collect();
            for (depth, (error, input)) in [(&deltas, &x), (&residual, &a)].into_iter().enumerate()
            {
                let (weight, bias) = &mut change[depth];
                for (j, e) in error.iter().enumerate() {
                    bias[j] += scale * e;
                    let row = &mut weight[j * input.len()..(j + 1) * input.len()];
                    row.iter_mut().zip(input).for_each(|(w, x)| *w += scale * e * x);
                }
            }
        }
        for ((weight, bias), (dw, db)) in self.layers.iter_mut().zip(change) {
            weight.iter_mut().zip(dw).for_each(|(w, d)| *w += d);
            bias.iter_mut().zip(db).for_each(|(b, d)| *b += d);
        }
        loss
    }

    fn flat(&self) -> Vec<f64> {
        self.layers.iter().flat_map(|(weight, bias)| weight.iter().chain(bias)).copied().collect()
    }
}

#[test]
fn steps_are_those_of_a_plain_loop() {
    let Some(device) = device() else { return };
    for case @ [features, hidden, outputs, runs, batch_size] in CASES {
        let data = data(features, outputs);
        let starts: Vec<Weights> = (0..runs).map(|run| network(case, 10 + run as u64)).collect();
        let mut row = fastest_network(&data, Loss::squared(FACTOR), Optimizer::Sgd, &device);
        row.append(&starts);
        assert!(row.uses_kernels(batch_size), "{case:?}");
        let rate = 1.0 / (features + hidden) as f64;
        let rates: Vec<f64> = (0..runs).map(|run| rate / (1.0 + run as f64)).collect();
        // Two calls, so that one begins where another ended; both end with a smaller batch.
        let lengths = [4 * batch_size + batch_size.div_ceil(2), batch_size];
        let mut expected: Vec<Plain> = starts.iter().map(Plain::new).collect();
        for (call, length) in lengths.into_iter().enumerate() {
            let orders: Vec<Vec<u32>> =
                (0..runs).map(|run| order(length, (100 * call + run) as u64)).collect();
            let parts: Vec<&[u32]> = orders.iter().map(Vec::as_slice).collect();
            let losses = row.steps(&parts, batch_size, &rates).unwrap();
            for run in 0..runs {
                let batches = orders[run].chunks(batch_size);
                let loss: f64 =
                    batches.map(|batch| expected[run].step(&data, batch, rates[run])).sum();
                assert!((losses[run] / loss - 1.0).abs() < 1e-5, "{case:?} {} {loss}", losses[run]);
            }
        }
        for run in 0..runs {
            let found = Plain::new(&row.weights(run).unwrap()).flat();
            let start = Plain::new(&starts[run]).flat();
            let moved = distance(&expected[run].flat(), &start);
            let error = distance(&found, &expected[run].flat());
            // Every step rounds every weight; the change has the rounding errors of its sums.
            let steps = lengths.iter().map(|length| length.div_ceil(batch_size)).sum::<usize>();
            let size = distance(&start, &vec![0.0; start.len()]);
            let rounding = f64::from(f32::EPSILON) * steps as f64 * size + 3e-6 * moved;
            assert!(error < rounding, "{case:?}, run {run}: {error:e} of {moved:e}");
            assert!(moved > 1e3 * rounding, "{case:?}, run {run}: {moved:e} tells nothing");
        }
    }
}

#[test]
fn a_run_that_diverges_says_so_and_disturbs_nobody() {
    let Some(device) = device() else { return };
    let case = [9, 24, 4, 2, 4];
    let data = data(9, 4);
    let starts = [network(case, 1), network(case, 2)];
    let mut row = fastest_network(&data, Loss::squared(FACTOR), Optimizer::Sgd, &device);
    row.append(&starts);
    assert!(row.uses_kernels(4));
    let order = order(40, 5);
    let losses = row.steps(&[&order, &order], 4, &[1e20, 0.01]).unwrap();
    assert!(!losses[0].is_finite(), "{losses:?}");
    let mut alone = Plain::new(&starts[1]);
    let loss: f64 = order.chunks(4).map(|batch| alone.step(&data, batch, 0.01)).sum();
    assert!((losses[1] / loss - 1.0).abs() < 1e-5, "{losses:?} {loss}");
}

#[test]
fn other_networks_and_batches_go_without_them() {
    let Some(device) = device() else { return };
    let data = data(9, 4);
    let mut row = fastest_network(&data, Loss::squared(FACTOR), Optimizer::Sgd, &device);
    row.append(&[network([9, 24, 4, 1, 1], 1)]);
    assert!(row.uses_kernels(16) && !row.uses_kernels(17));
    assert!(!RowNetwork::new(&data, Loss::squared(FACTOR), &device).uses_kernels(1));
    let mut linear = fastest_network(&data, Loss::squared(FACTOR), Optimizer::Sgd, &device);
    let mut weights = network([9, 4, 4, 1, 1], 1);
    weights.layers.pop();
    linear.append(&[weights]);
    assert!(!linear.uses_kernels(1));
}
