//! The engine's steps against plain loops in double precision, and their reproducibility.

#[cfg(feature = "wgpu")]
use crate::common::adapter::skipped;
use crate::common::config::tiny_run;
use crate::common::weights::{distance, flat};
use etastar::config::RunSpec;
use etastar::data::Dataset;
use etastar::device::{Backend, open_device};
use etastar::loss::Loss;
use etastar::net::{Weights, Widths, initial, minimum};
use etastar::train::{Engine, FusedEngine, NoObserver, Progress, TensorEngine, train};

fn start(spec: &RunSpec) -> (Weights, Dataset) {
    let data = Dataset::load(&spec.data).unwrap();
    let widths = Widths::new(data.features, &spec.model.hidden, data.outputs);
    (initial(&widths, &spec.model), data)
}

fn engine(spec: &RunSpec, backend: Backend) -> TensorEngine {
    let (weights, data) = start(spec);
    TensorEngine::new(&weights, &data, Loss::from(&spec.loss), open_device(backend, 0).unwrap())
}

/// One SGD step by back-propagation in plain loops, in double precision.
fn plain_step(theta: &mut [f64], spec: &RunSpec, data: &Dataset, batch: &[u32], rate: f64) {
    let widths = Widths::new(data.features, &spec.model.hidden, data.outputs);
    let layers: Vec<(usize, usize)> = widths.layers().collect();
    let mut gradient = vec![0.0; theta.len()];
    for &sample in batch {
        let row = &data.inputs[sample as usize * data.features..][..data.features];
        let mut activations = vec![row.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>()];
        let mut starts = vec![0];
        for (depth, &(inputs, outputs)) in layers.iter().enumerate() {
            let at = starts[depth];
            let a = &activations[depth];
            let z: Vec<f64> = (0..outputs)
                .map(|u| {
                    let weights = &theta[at + u * inputs..][..inputs];
                    theta[at + outputs * inputs + u]
                        + weights.iter().zip(a).map(|(w, x)| w * x).sum::<f64>()
                })
                .collect();
            let last = depth + 1 == layers.len();
            activations.push(z.into_iter().map(|z| if last { z } else { z.max(0.0) }).collect());
            starts.push(at + outputs * (inputs + 1));
        }
        let targets = &data.targets[sample as usize * data.outputs..][..data.outputs];
        let mut delta: Vec<f64> = activations[layers.len()]
            .iter()
            .zip(targets)
            .map(|(f, y)| 2.0 * spec.loss.factor * (f - f64::from(*y)))
            .collect();
        for (depth, &(inputs, outputs)) in layers.iter().enumerate().rev() {
            let (at, a) = (starts[depth], &activations[depth]);
            let mut before = vec![0.0; inputs];
            for u in 0..outputs {
                for i in 0..inputs {
                    gradient[at + u * inputs + i] += delta[u] * a[i];
                    before[i] +=
                        if a[i] > 0.0 { delta[u] * theta[at + u * inputs + i] } else { 0.0 };
                }
                gradient[at + outputs * inputs + u] += delta[u];
            }
            delta = before;
        }
    }
    theta.iter_mut().zip(&gradient).for_each(|(t, g)| *t -= rate / batch.len() as f64 * g);
}

#[test]
fn steps_are_those_of_plain_back_propagation() {
    for overrides in [
        &["model.hidden=[24]"][..],
        &["model.hidden=[7, 5]", "loss.factor=0.25"],
        &["model.hidden=[]", "data.scaling=standard"],
    ] {
        let spec = tiny_run(overrides);
        let (weights, data) = start(&spec);
        let mut engine = engine(&spec, Backend::Flex);
        let mut expected = flat(&weights);
        let order: Vec<u32> = vec![3, 1, 7, 0, 5, 2, 11];
        for batch in order.chunks(3) {
            plain_step(&mut expected, &spec, &data, batch, 0.02);
        }
        engine.steps(&order, 3, 0.02).unwrap();
        let found = flat(&engine.weights().unwrap());
        let moved = distance(&expected, &flat(&weights));
        let error = distance(&found, &expected);
        assert!(error < 1e-5 * moved, "{overrides:?}: error {error:e} of a way of {moved:e}");
    }
}

#[test]
fn the_running_loss_is_the_loss_before_each_step() {
    let spec = tiny_run(&[]);
    let mut engine = engine(&spec, Backend::Flex);
    let before = engine.loss().unwrap();
    let order: Vec<u32> = (0..12).collect();
    let running = engine.steps(&order, 12, 0.01).unwrap() / 12.0;
    assert!((running / before - 1.0).abs() < 1e-5, "{running} {before}");
    assert!(engine.loss().unwrap() < before);
}

#[test]
fn the_same_configuration_gives_the_same_bits() {
    let run = |seed: &str| {
        let spec = tiny_run(&[seed, "train.max_epochs=60"]);
        let mut engine = engine(&spec, Backend::Flex);
        let progress = Progress::begin(&mut engine).unwrap();
        let outcome =
            train(&spec.train, 12, progress, &mut engine, &mut NoObserver).unwrap().unwrap();
        (engine.weights().unwrap(), outcome)
    };
    assert_eq!(run("train.seed=3"), run("train.seed=3"));
    assert_ne!(run("train.seed=3").0, run("train.seed=4").0);
}

#[test]
fn a_run_converges_by_the_stop_rule() {
    let spec = tiny_run(&[]);
    let mut engine = engine(&spec, Backend::Flex);
    let progress = Progress::begin(&mut engine).unwrap();
    let outcome = train(&spec.train, 12, progress, &mut engine, &mut NoObserver).unwrap().unwrap();
    assert_eq!(outcome.reason.name(), "converged");
    assert!(engine.loss().unwrap() < spec.train.tolerance);
    assert_eq!(outcome.progress.streak, spec.train.patience);
    assert!(outcome.progress.epoch >= spec.train.patience + spec.train.warmup.epochs);
    assert_eq!(outcome.progress.steps, outcome.progress.epoch * 6);
}

/// Three steps on `backend` against three on flex, relative to the way they went.
fn disagreement(backend: Backend) -> f64 {
    let spec = tiny_run(&["train.batch_size=4"]);
    let order: Vec<u32> = (0..12).collect();
    let steps = |backend| {
        let mut engine = engine(&spec, backend);
        engine.steps(&order, 4, 0.05).unwrap();
        flat(&engine.weights().unwrap())
    };
    let (flex, other) = (steps(Backend::Flex), steps(backend));
    distance(&flex, &other) / distance(&flex, &flat(&start(&spec).0))
}

#[cfg(feature = "ndarray")]
#[test]
fn ndarray_agrees_with_flex() {
    let disagreement = disagreement(Backend::NdArray);
    assert!(disagreement < 1e-5, "{disagreement:e}");
}

#[cfg(feature = "wgpu")]
#[test]
fn wgpu_agrees_with_flex() {
    if let Err(error) = open_device(Backend::Wgpu, 0) {
        skipped(&error);
        return;
    }
    let disagreement = disagreement(Backend::Wgpu);
    assert!(disagreement < 1e-4, "{disagreement:e}");
}

#[test]
fn flex_agrees_with_itself() {
    assert_eq!(disagreement(Backend::Flex), 0.0);
}

#[test]
fn minima_are_read_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let (weights, _) = start(&tiny_run(&["model.hidden=[5, 3]"]));
    let path = folder.path().join("minimum.safetensors");
    let bytes = minimum::to_bytes(&weights, "where it comes from").unwrap();
    assert_eq!(bytes, minimum::to_bytes(&weights, "where it comes from").unwrap());
    std::fs::write(&path, bytes).unwrap();
    let minimum::SavedWeights { weights: found, origin, .. } = minimum::read(&path).unwrap();
    assert_eq!(found, weights);
    assert_eq!(origin.as_deref(), Some("where it comes from"));
    let tensors = std::fs::read(&path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&tensors).unwrap();
    assert_eq!(tensors.tensor("2.weight").unwrap().shape(), [3, 5]);
    let mut names = tensors.names();
    names.sort();
    assert_eq!(names, ["0.bias", "0.weight", "2.bias", "2.weight", "4.bias", "4.weight"]);
}

#[test]
fn the_fused_engine_makes_the_same_steps() {
    for scaling in ["unit", "standard"] {
        for batch_size in [1, 3, 12] {
            let spec = tiny_run(&[&format!("data.scaling={scaling}"), "loss.factor=0.25"]);
            let (weights, data) = start(&spec);
            let order: Vec<u32> = (0..12).chain((0..12).rev()).collect();
            let mut tensor = engine(&spec, Backend::Flex);
            let mut fused = FusedEngine::new(&weights, &data, Loss::from(&spec.loss)).unwrap();
            let rate = 0.02;
            let losses = [
                tensor.steps(&order, batch_size, rate).unwrap(),
                fused.steps(&order, batch_size, rate).unwrap(),
            ];
            assert!((losses[0] / losses[1] - 1.0).abs() < 1e-5, "{losses:?}");
            let (a, b) = (flat(&tensor.weights().unwrap()), flat(&fused.weights().unwrap()));
            let moved = distance(&a, &flat(&weights));
            let error = distance(&a, &b);
            assert!(error < 1e-5 * moved, "{scaling}, B = {batch_size}: {error:e} of {moved:e}");
        }
    }
}

#[test]
fn both_engines_find_minima_alike() {
    let sharpness = |engine: &mut dyn Engine, spec: &RunSpec| {
        let progress = Progress::begin(engine).unwrap();
        let outcome = train(&spec.train, 12, progress, engine, &mut NoObserver).unwrap().unwrap();
        assert_eq!(outcome.reason.name(), "converged");
        let data = Dataset::load(&spec.data).unwrap();
        let weights = engine.weights().unwrap();
        let analysis =
            etastar::measurement::analyse(spec, &weights, &data, faer::Par::Seq, None, None)
                .unwrap();
        analysis.sharpness_gn.unwrap().ln()
    };
    // Rounding parts the trajectories, so single runs differ; their distribution over seeds does not.
    let gaps: Vec<f64> = (0..6)
        .map(|seed| {
            let spec = tiny_run(&[&format!("train.seed={seed}")]);
            let (weights, data) = start(&spec);
            let mut fused = FusedEngine::new(&weights, &data, Loss::from(&spec.loss)).unwrap();
            sharpness(&mut engine(&spec, Backend::Flex), &spec) - sharpness(&mut fused, &spec)
        })
        .collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    assert!(mean.abs() < 0.05, "mean log-ratio of the sharpness {mean}, {gaps:?}");
}
