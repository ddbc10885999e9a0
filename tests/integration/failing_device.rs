//! Rows of a sweep whose device fails, and rows of mixed algorithms.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::common::config::tiny_grid;
use crate::common::weights::{flat, norm, weights_distance};
use etastar::device::{AnalysisBackend, EngineKind};
use etastar::net::{Weights, minimum};
use etastar::process::Algorithm;
use etastar::record::RunPlan;
use etastar::store::{RunId, Store};
use etastar::sweep::{Event, Interrupt, Outcome, Reporter, SweepError, SweepOptions, sweep};

const OPTIONS: SweepOptions = SweepOptions {
    workers: 2,
    checkpoint_interval: Duration::from_millis(50),
    device: 0,
    analysis_backend: AnalysisBackend::Cpu,
    falls_back: false,
    batched_runs: 3,
    fail_fast: false,
    task: false,
};

fn plan(overrides: &[&str]) -> RunPlan {
    let sections = "[sweep]\nlearning_rate = [0.02, 0.03, 0.04, 0.05]\nbatch_size = [2, 4]\n\
                    [run]\nengine = \"tensor\"\n";
    let nowhere = Store::open(Path::new("nowhere"));
    RunPlan::of_grid(&nowhere, &tiny_grid(sections, overrides)).unwrap()
}

/// Panics, as Burn's GPU runtimes do when the device is lost, on the thread that feeds the device,
/// at the `lasts`th time that a row goes on.
struct Fragile {
    lasts: usize,
    looks: AtomicUsize,
    notes: Mutex<Vec<String>>,
}

impl Fragile {
    fn new(lasts: usize) -> Self {
        Self { lasts, looks: AtomicUsize::new(0), notes: Mutex::default() }
    }
}

impl Reporter for Fragile {
    fn report(&self, event: &Event<'_>) {
        match event {
            Event::TrainingRow { .. } => {
                let looks = self.looks.fetch_add(1, Ordering::SeqCst);
                assert_ne!(looks, self.lasts, "the device is lost");
            }
            Event::Note { text } => self.notes.lock().unwrap().push((*text).to_owned()),
            _ => {}
        }
    }
}

struct Folder {
    _folder: tempfile::TempDir,
    store: Store,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        Self { store, _folder: folder }
    }

    fn sweep(
        &self,
        plan: &RunPlan,
        options: SweepOptions,
        reporter: &dyn Reporter,
    ) -> Result<Outcome, SweepError> {
        sweep(&self.store, plan, options, reporter, &Interrupt::default())
    }

    /// The minima there are.
    fn minima(&self, plan: &RunPlan) -> BTreeMap<RunId, Weights> {
        let ids = plan.runs.iter().map(|run| run.id.clone());
        let read = |id: RunId| {
            let path = self.store.run_folder(&id).join("minimum.safetensors");
            Some((id, minimum::read(&path).ok()?.weights))
        };
        ids.filter_map(read).collect()
    }
}

/// What an undisturbed sweep makes of `plan`.
fn undisturbed(plan: &RunPlan) -> BTreeMap<RunId, Weights> {
    let folder = Folder::new();
    let outcome = folder.sweep(plan, OPTIONS, &Fragile::new(usize::MAX)).unwrap();
    assert_eq!(outcome.records.len(), plan.runs.len());
    folder.minima(plan)
}

#[test]
fn a_device_that_fails_in_the_middle_is_an_error_that_loses_nothing() {
    let plan = plan(&[]);
    let folder = Folder::new();
    // Late enough that the runs of the first batch size are finished.
    let error = folder.sweep(&plan, OPTIONS, &Fragile::new(700)).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, SweepError::Device(_)), "{text}");
    for part in ["flex failed with 3 runs at once", "the device is lost", "run again"] {
        assert!(text.contains(part), "{text}");
    }
    let before = folder.minima(&plan);
    assert!(!before.is_empty() && before.len() < plan.runs.len(), "{} minima", before.len());
    let finished = std::fs::read_to_string(folder.store.root().join("summary.csv")).unwrap();
    assert_eq!(finished.lines().count(), 1 + before.len());

    let outcome = folder.sweep(&plan, OPTIONS, &Fragile::new(usize::MAX)).unwrap();
    assert_eq!(outcome.records.len(), plan.runs.len());
    assert!(folder.minima(&plan) == undisturbed(&plan));
}

#[test]
fn with_auto_the_cpu_takes_over_what_a_failed_device_leaves() {
    let plan = plan(&[]);
    let folder = Folder::new();
    let reporter = Fragile::new(700);
    let options = SweepOptions { falls_back: true, ..OPTIONS };
    let outcome = folder.sweep(&plan, options, &reporter).unwrap();
    let notes = reporter.notes.lock().unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("the device is lost") && notes[0].contains("the CPU takes over"));
    let mut ids: Vec<&RunId> = outcome.records.iter().map(|record| &record.run_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), outcome.records.len()), (plan.runs.len(), plan.runs.len()));
    assert_eq!(outcome.failures, []);
    assert!(!outcome.interrupted);
}

#[test]
fn a_mixture_trains_alone_beside_the_rows_of_the_same_sweep() {
    let plan = plan(&[
        "sweep.algorithm=[\"sgd\", \"mixture\"]",
        "sweep.learning_rate=[0.04, 0.05]",
        "sweep.batch_size=[4]",
    ]);
    let folder = Folder::new();
    let reporter = Fragile::new(usize::MAX);
    let outcome = folder.sweep(&plan, OPTIONS, &reporter).unwrap();
    assert_eq!(outcome.records.len(), 4);
    assert!(reporter.looks.load(Ordering::SeqCst) > 0, "no row was trained");
    // Each alone, by the same engine: the mixtures by the same code, the others to rounding.
    let alone = Folder::new();
    let single = SweepOptions { batched_runs: 1, ..OPTIONS };
    alone.sweep(&plan, single, &Fragile::new(0)).unwrap();
    let (rows, alone) = (folder.minima(&plan), alone.minima(&plan));
    for run in &plan.runs {
        let (spec, id) = (&run.spec, &run.id);
        assert_eq!(spec.engine, EngineKind::Tensor);
        let (found, expected) = (&rows[id], &alone[id]);
        if spec.train.algorithm == Algorithm::Mixture {
            assert!(found == expected, "run {id}");
        }
        let (error, size) = (weights_distance(found, expected), norm(&flat(expected)));
        assert!(error < 1e-2 * size, "run {id}: {error:e} of {size:e}");
    }
}
