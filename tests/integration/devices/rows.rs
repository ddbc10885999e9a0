//! Runs trained together against the same runs trained alone.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::ops::ControlFlow;

use crate::common::adapter::skipped;
use crate::common::config::tiny_run;
use crate::common::weights::weights_distance;
use burn_tensor::Device;
use etastar::config::RunSpec;
use etastar::data::Dataset;
use etastar::device::{Backend, open_device};
use etastar::loss::Loss;
use etastar::net::{Weights, Widths, initial};
use etastar::optimizer::Optimizer;
use etastar::train::row::{End, NewRun, Row, RunSource, fastest_network, train_row};
use etastar::train::{Engine, NoObserver, Outcome, Progress, StopReason, TensorEngine, train};

fn start(spec: &RunSpec, data: &Dataset) -> Weights {
    initial(&Widths::new(data.features, &spec.model.hidden, data.outputs), &spec.model)
}

/// Every backend of this build that this machine can run.
fn devices() -> Vec<(Backend, Device)> {
    let every = [
        (true, Backend::Flex),
        (cfg!(feature = "ndarray"), Backend::NdArray),
        (cfg!(feature = "wgpu"), Backend::Wgpu),
        (cfg!(feature = "cuda"), Backend::Cuda),
    ];
    let built = every.into_iter().filter_map(|(built, backend)| built.then_some(backend));
    let open = |backend: Backend| match open_device(backend, 0) {
        Ok(device) => Some((backend, device)),
        Err(error) => {
            skipped(&error);
            None
        }
    };
    built.filter_map(open).collect()
}

#[test]
fn a_rows_steps_are_those_of_single_runs() {
    for (backend, device) in devices() {
        let shapes = ["[24]", "[7, 5]", "[6, 40]", "[]"];
        for hidden in shapes.map(|widths| format!("model.hidden={widths}")) {
            let spec = tiny_run(&[&hidden, "loss.factor=0.25", "data.scaling=standard"]);
            let data = Dataset::load(&spec.data).unwrap();
            let rates = [0.02, 0.005, 0.04];
            let mut networks = vec![start(&spec, &data); 3];
            networks[1].layers[0].weight[5] = 0.5;
            for batch_size in [1, 3, 7, 17] {
                // Few steps, as rounding grows with each; the last batch is a smaller one.
                let order = |factor: usize, shift: usize| -> Vec<u32> {
                    (0..2 * batch_size + 3).map(|k| ((factor * k + shift) % 12) as u32).collect()
                };
                let orders = [order(5, 3), order(11, 0), order(1, 7)];
                let mut row =
                    fastest_network(&data, Loss::from(&spec.loss), Optimizer::Sgd, &device);
                row.append(&networks[..2]);
                row.append(&networks[2..]);
                let parts = [&orders[0][..], &orders[1], &orders[2]];
                let losses = row.steps(&parts, batch_size, &rates).unwrap();
                for slot in 0..3 {
                    let mut alone = TensorEngine::new(
                        &networks[slot],
                        &data,
                        Loss::from(&spec.loss),
                        open_device(Backend::Flex, 0).unwrap(),
                    );
                    let loss = alone.steps(&orders[slot], batch_size, rates[slot]).unwrap();
                    assert!((losses[slot] / loss - 1.0).abs() < 1e-4, "{} {loss}", losses[slot]);
                    let (found, expected) = (row.weights(slot).unwrap(), alone.weights().unwrap());
                    let moved = weights_distance(&expected, &networks[slot]);
                    let error = weights_distance(&found, &expected);
                    assert!(
                        error < 1e-5 * moved,
                        "{backend:?}, {hidden}, B = {batch_size}, run {slot}: {error:e} of {moved:e}"
                    );
                    let full = row.loss(&[slot]).unwrap()[0];
                    assert!((full / alone.loss().unwrap() - 1.0).abs() < 1e-4);
                }
            }
        }
    }
}

/// Hands out runs and keeps what comes back; interrupts at the `stop`th look.
#[derive(Default)]
struct Desk {
    waiting: VecDeque<NewRun<usize>>,
    done: BTreeMap<usize, (Outcome, Weights)>,
    left: Vec<NewRun<usize>>,
    looks: usize,
    stop: Option<usize>,
    most: usize,
}

impl RunSource for Desk {
    type Key = usize;

    fn next_run(&mut self) -> Option<NewRun<usize>> {
        self.waiting.pop_front()
    }

    fn observe(&mut self, row: &mut Row<usize>) -> ControlFlow<()> {
        self.looks += 1;
        self.most = self.most.max(row.states.len());
        if self.stop == Some(self.looks) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn interrupted(&mut self, row: &Row<usize>) {
        for (slot, state) in row.states.iter().enumerate() {
            self.left.push(NewRun {
                key: state.key,
                schedule: state.schedule.clone(),
                point: row.network.point(slot).unwrap(),
                progress: Some(state.progress.clone()),
            });
        }
    }

    fn finished(&mut self, key: usize, outcome: Outcome, _: f64, weights: Weights) {
        assert!(self.done.insert(key, (outcome, weights)).is_none(), "run {key} ended twice");
    }
}

/// Runs that stop at different epochs for every reason there is: two converge, one diverges at once,
/// one later, the rest end at their last epoch.
fn specs() -> Vec<RunSpec> {
    [
        ["train.learning_rate=0.05", "train.seed=1", "train.max_epochs=3000"],
        ["train.learning_rate=1000", "train.seed=2", "train.max_epochs=60"],
        ["train.learning_rate=0.01", "train.seed=3", "train.max_epochs=41"],
        ["train.learning_rate=0.02", "train.seed=4", "train.max_epochs=57"],
        ["train.learning_rate=0.04", "train.seed=5", "train.max_epochs=3000"],
        ["train.learning_rate=0.02", "train.seed=6", "train.max_epochs=44"],
        ["train.learning_rate=2", "train.seed=7", "train.max_epochs=60"],
    ]
    .iter()
    .map(|overrides| tiny_run(&[&overrides[..], &["train.batch_size=5"]].concat()))
    .collect()
}

fn desk(specs: &[RunSpec], data: &Dataset) -> Desk {
    let entry = |(key, spec): (usize, &RunSpec)| NewRun {
        key,
        schedule: spec.train.clone(),
        point: start(spec, data).into(),
        progress: None,
    };
    Desk { waiting: specs.iter().enumerate().map(entry).collect(), ..Desk::default() }
}

fn together(specs: &[RunSpec], capacity: usize, device: &Device) -> Desk {
    let data = Dataset::load(&specs[0].data).unwrap();
    let mut desk = desk(specs, &data);
    let end = train_row(
        &data,
        Loss::from(&specs[0].loss),
        specs[0].train.optimizer(),
        device,
        capacity,
        &mut desk,
    )
    .unwrap();
    assert_eq!(end, End::Finished);
    assert_eq!(desk.done.len(), specs.len());
    assert_eq!(desk.most, capacity.min(specs.len()));
    desk
}

fn alone(spec: &RunSpec) -> (Outcome, Weights) {
    let data = Dataset::load(&spec.data).unwrap();
    let device = open_device(Backend::Flex, 0).unwrap();
    let mut engine = TensorEngine::new(&start(spec, &data), &data, Loss::from(&spec.loss), device);
    let progress = Progress::begin(&mut engine).unwrap();
    let samples = data.samples;
    let outcome = train(&spec.train, samples, progress, &mut engine, &mut NoObserver).unwrap();
    (outcome.unwrap(), engine.weights().unwrap())
}

#[test]
fn runs_that_leave_and_join_a_row_end_as_they_do_alone() {
    let specs = specs();
    let expected: Vec<(Outcome, Weights)> = specs.iter().map(alone).collect();
    let reasons: Vec<&str> = expected.iter().map(|(outcome, _)| outcome.reason.name()).collect();
    assert_eq!(
        reasons,
        [
            "converged",
            "diverged",
            "max_epochs",
            "max_epochs",
            "converged",
            "max_epochs",
            "diverged"
        ]
    );
    for (backend, device) in devices() {
        let found = together(&specs, 3, &device);
        for (key, (outcome, weights)) in &expected.iter().enumerate().collect::<Vec<_>>() {
            let (made, end) = &found.done[key];
            assert_eq!(made.reason, outcome.reason, "{backend:?}, run {key}");
            let (epochs, same) = (made.progress.epoch, outcome.progress.epoch);
            if outcome.reason == StopReason::Diverged {
                assert_eq!(epochs, same, "{backend:?}, run {key}");
                continue;
            }
            // Hundreds of epochs let rounding move the epoch of convergence a little.
            assert!(epochs.abs_diff(same) <= same / 50, "{backend:?}, run {key}: {epochs}, {same}");
            assert_eq!(made.progress.steps, 3 * epochs);
            let data = Dataset::load(&specs[*key].data).unwrap();
            let moved = weights_distance(weights, &start(&specs[*key], &data));
            let error = weights_distance(weights, end);
            assert!(error < 1e-3 * moved, "{backend:?}, run {key}: {error:e} of {moved:e}");
        }
    }
}

#[test]
fn on_flex_a_runs_bits_do_not_depend_on_its_company() {
    let device = open_device(Backend::Flex, 0).unwrap();
    let specs = specs();
    let reference = together(&specs, 1, &device);
    for capacity in [2, 4, 7] {
        assert_same(&together(&specs, capacity, &device), &reference);
    }
}

#[test]
fn an_interrupted_row_goes_on_with_the_same_bits() {
    go_on_after_interruptions(&[], [0.01, 0.02, 0.002]);
}

#[test]
fn an_interrupted_row_with_momentum_goes_on_with_the_same_bits() {
    let settings = ["train.momentum=0.9", "train.weight_decay=0.01"];
    go_on_after_interruptions(&settings, [0.001, 0.002, 0.0002]);
}

fn go_on_after_interruptions(settings: &[&str], rates: [f64; 3]) {
    let device = open_device(Backend::Flex, 0).unwrap();
    // More than one look an epoch, so that some interruptions come within one.
    let overrides = ["data.samples_per_class=700", "model.hidden=[8]", "train.batch_size=64"];
    let specs: Vec<RunSpec> = rates
        .iter()
        .zip([21, 24, 23])
        .map(|(rate, epochs)| {
            let (rate, epochs) =
                (format!("train.learning_rate={rate}"), format!("train.max_epochs={epochs}"));
            let own = [&rate[..], &epochs, "train.patience=1", "train.warmup.epochs=3"];
            tiny_run(&[&overrides[..], settings, &own].concat())
        })
        .collect();
    let optimizer = specs[0].train.optimizer();
    assert_eq!(optimizer == Optimizer::Sgd, settings.is_empty());
    let reference = together(&specs, 2, &device);
    let data = Dataset::load(&specs[0].data).unwrap();
    for stop in [1, 2, 7, 42, 43, 47] {
        let mut first = Desk { stop: Some(stop), ..desk(&specs, &data) };
        let loss = Loss::from(&specs[0].loss);
        let end = train_row(&data, loss, optimizer, &device, 2, &mut first).unwrap();
        assert_eq!(end, End::Interrupted, "look {stop}");
        let mut second = Desk { waiting: first.left.into(), done: first.done, ..Desk::default() };
        second.waiting.extend(first.waiting);
        let end = train_row(&data, loss, optimizer, &device, 3, &mut second).unwrap();
        assert_eq!(end, End::Finished);
        assert_same(&second, &reference);
    }
}

/// By their text, in which NaN equals NaN.
fn assert_same(found: &Desk, expected: &Desk) {
    assert_eq!(found.done.len(), expected.done.len());
    for (key, run) in &expected.done {
        assert_eq!(format!("{:?}", found.done[key]), format!("{run:?}"), "run {key}");
    }
}
