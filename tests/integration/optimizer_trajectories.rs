//! Every engine follows PyTorch's optimizers (`scripts/optimizer_trajectories.py`) for 200 steps.

use crate::common::fixtures::fixture;
use crate::common::weights::{distance, flat, norm};
use etastar::data::Dataset;
use etastar::device::{Backend, open_device};
use etastar::loss::Loss;
use etastar::net::{Activation, Layer, Weights, Widths};
use etastar::optimizer::{Optimizer, OptimizerSettings};
use etastar::train::row::RowNetwork;
use etastar::train::{Engine, FusedEngine, TensorEngine, TrainingPoint};
use serde_json::Value;

/// What `loss` of the script is.
const LOSS: f64 = 0.5;

/// One trajectory of the fixture.
struct Trajectory {
    name: String,
    optimizer: Optimizer,
    batch_size: usize,
    data: Dataset,
    start: Weights,
    /// The samples of all steps at one step size, and that step size.
    parts: Vec<(Vec<u32>, f64)>,
    end: Vec<f64>,
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn singles(value: &Value) -> Vec<f32> {
    numbers(value).into_iter().map(|x| x as f32).collect()
}

fn trajectories() -> Vec<Trajectory> {
    let text = std::fs::read_to_string(fixture("optimizer_trajectories.json")).unwrap();
    let fixture: Value = serde_json::from_str(&text).unwrap();
    let given = &fixture["given"];
    let trajectories = fixture["trajectories"].as_array().unwrap();
    assert_eq!(trajectories.len(), 9 * 2 * 3);
    trajectories.iter().map(|found| trajectory(given, found)).collect()
}

fn trajectory(given: &Value, found: &Value) -> Trajectory {
    let number = |value: &Value| value.as_f64().unwrap_or(0.0);
    let settings = &found["settings"];
    let settings = OptimizerSettings {
        momentum: number(&settings["momentum"]),
        nesterov: settings["nesterov"].as_bool().unwrap_or(false),
        weight_decay: number(&settings["weight_decay"]),
        decoupled: settings["decoupled"].as_bool().unwrap_or(false),
        dampening: 0.0,
    };
    let count = |name: &str| given[name].as_u64().unwrap() as usize;
    let (features, hidden, outputs) = (count("features"), count("hidden"), count("outputs"));
    let batch_size = found["batch_size"].as_u64().unwrap() as usize;
    let shift = number(&found["shift"]) as f32;
    let data = Dataset {
        inputs: singles(&given["inputs"]).into_iter().map(|x| x + shift).collect(),
        targets: singles(&given["targets"]),
        samples: count("samples"),
        features,
        outputs,
        digest: String::new(),
    };
    let layer = |name: &str, inputs, outputs| Layer {
        inputs,
        outputs,
        weight: singles(&given["start"][format!("{name}.weight")]),
        bias: singles(&given["start"][format!("{name}.bias")]),
    };
    let layers = vec![layer("0", features, hidden), layer("2", hidden, outputs)];
    let order: Vec<u32> = numbers(&given["order"]).into_iter().map(|i| i as u32).collect();
    let parts = order.chunks(count("steps_per_rate") * batch_size);
    Trajectory {
        name: format!("{settings:?}, B = {batch_size}, inputs from {shift}"),
        optimizer: settings.optimizer().unwrap(),
        batch_size,
        data,
        start: Weights { activation: Activation::Relu, layers },
        parts: parts.map(<[u32]>::to_vec).zip(numbers(&given["rates"])).collect(),
        end: numbers(&found["end"]),
    }
}

impl Trajectory {
    fn tensor(&self) -> TensorEngine {
        let device = open_device(Backend::Flex, 0).unwrap();
        let engine = TensorEngine::new(&self.start, &self.data, Loss::squared(LOSS), device);
        engine.with_optimizer(self.optimizer)
    }

    fn fused(&self) -> FusedEngine {
        let engine = FusedEngine::new(&self.start, &self.data, Loss::squared(LOSS)).unwrap();
        engine.with_optimizer(self.optimizer)
    }

    /// The end of a trajectory of `engine`, which is as `next` says before every part.
    fn follow(
        &self,
        mut engine: Box<dyn Engine>,
        next: impl Fn(Box<dyn Engine>) -> Box<dyn Engine>,
    ) -> Weights {
        for (order, rate) in &self.parts {
            engine = next(engine);
            engine.steps(order, self.batch_size, *rate).unwrap();
            engine.end_epoch();
        }
        engine.weights().unwrap()
    }

    fn check(&self, found: &Weights) {
        let start = flat(&self.start);
        let moved = distance(&self.end, &start);
        assert!(moved > 0.1 * norm(&start), "{}: the test needs a way to go", self.name);
        let error = distance(&flat(found), &self.end);
        assert!(error < 1e-5 * moved, "{}: {error:e} of {moved:e}", self.name);
    }
}

#[test]
fn the_tensor_engine_follows_pytorch() {
    for trajectory in trajectories() {
        trajectory.check(&trajectory.follow(Box::new(trajectory.tensor()), |engine| engine));
    }
}

#[test]
fn a_restored_tensor_engine_goes_on_with_the_same_bits() {
    for trajectory in trajectories() {
        let restored = |engine: Box<dyn Engine>| -> Box<dyn Engine> {
            let saved = engine.snapshot().unwrap();
            let widths = Widths::new(12, &[9], 2);
            let point = TrainingPoint::from_snapshot(saved, &widths, Activation::Relu).unwrap();
            let device = open_device(Backend::Flex, 0).unwrap();
            let loss = Loss::squared(LOSS);
            let engine = TensorEngine::new(&point.weights, &trajectory.data, loss, device);
            let engine = engine.with_optimizer(trajectory.optimizer);
            match point.velocity {
                Some(velocity) => Box::new(engine.with_velocity(&velocity)),
                None => Box::new(engine),
            }
        };
        let straight = trajectory.follow(Box::new(trajectory.tensor()), |engine| engine);
        let broken = trajectory.follow(Box::new(trajectory.tensor()), restored);
        assert_eq!(straight, broken, "{}", trajectory.name);
    }
}

#[test]
fn only_momentum_adds_to_a_snapshot() {
    for trajectory in trajectories() {
        let mut engine = trajectory.tensor();
        engine.steps(&[0, 1, 2], 1, 0.01).unwrap();
        let names: Vec<String> = engine.snapshot().unwrap().arrays.into_keys().collect();
        let plain = ["0.bias", "0.weight", "1.bias", "1.weight"];
        let with_velocity = plain.map(|name| [name.to_owned(), format!("{name}.velocity")]);
        if trajectory.name.contains("momentum: 0.0") {
            assert_eq!(names, plain, "{}", trajectory.name);
        } else {
            assert_eq!(names, with_velocity.concat(), "{}", trajectory.name);
        }
    }
}

#[test]
fn the_fused_engine_follows_pytorch() {
    for trajectory in trajectories() {
        trajectory.check(&trajectory.follow(Box::new(trajectory.fused()), |engine| engine));
    }
}

#[test]
fn a_restored_fused_engine_goes_on_with_the_same_bits() {
    for trajectory in trajectories() {
        let restored = |engine: Box<dyn Engine>| -> Box<dyn Engine> {
            let saved = engine.snapshot().unwrap();
            let engine = FusedEngine::restore(saved, &trajectory.data, Loss::squared(LOSS));
            Box::new(engine.unwrap().with_optimizer(trajectory.optimizer))
        };
        let straight = trajectory.follow(Box::new(trajectory.fused()), |engine| engine);
        let broken = trajectory.follow(Box::new(trajectory.fused()), restored);
        assert_eq!(straight, broken, "{}", trajectory.name);
    }
}

/// Beside a run that starts at the same point but takes other steps.
#[test]
fn rows_follow_pytorch() {
    let device = open_device(Backend::Flex, 0).unwrap();
    for trajectory in trajectories() {
        let loss = Loss::squared(LOSS);
        let empty = || {
            RowNetwork::new(&trajectory.data, loss, &device).with_optimizer(trajectory.optimizer)
        };
        let mut row = empty();
        row.append(&[trajectory.start.clone(), trajectory.start.clone()]);
        for (part, (order, rate)) in trajectory.parts.iter().enumerate() {
            let other: Vec<u32> = order.iter().rev().copied().collect();
            row.steps(&[&other, order], trajectory.batch_size, &[0.5 * rate, *rate]).unwrap();
            if part == 1 {
                // The runs change places, one by way of a saved point.
                let point = row.point(1).unwrap();
                row.retain(&[0]);
                let mut next = empty();
                next.append_points(&[row.point(0).unwrap(), point]);
                row = next;
            }
        }
        trajectory.check(&row.weights(1).unwrap());
    }
}
