//! What all runs of a results folder have in common, and the plan of its runs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::identity::{RunId, run_id, training};
use super::store::{self, Store, StoreError};
use crate::config::{Algorithm, RunSpec};
use crate::differences::differences;

/// A results folder that holds another experiment.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// Runs that cannot be compared would share one summary and its figures.
    #[error(
        "{folder} holds another experiment: {differences}; choose another folder with \
         --set run.results=FOLDER"
    )]
    Other { folder: String, differences: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One line of `plan.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    pub run_id: RunId,
    pub learning_rate: f64,
    pub batch_size: usize,
    pub seed: u64,
    #[serde(default = "sgd")]
    pub algorithm: Algorithm,
}

/// What plans without the key meant.
fn sgd() -> Algorithm {
    Algorithm::Sgd
}

/// Checks that the runs of `specs` belong into `store`, and adds them to its plan.
///
/// # Errors
/// The folder holds runs that differ in more than step size, batch size, seed and algorithm.
pub fn register(
    store: &Store,
    specs: &[RunSpec],
    data_digest: &str,
) -> Result<Vec<Planned>, ExperimentError> {
    let planned: Vec<Planned> = specs.iter().map(|spec| planned(spec, data_digest)).collect();
    let _lock = store.lock()?;
    if let Some(spec) = specs.first() {
        match_experiment(store, &common(spec, data_digest))?;
    }
    let mut plan = plan(store)?;
    let known: BTreeSet<RunId> = plan.iter().map(|run| run.run_id.clone()).collect();
    let before = plan.len();
    plan.extend(planned.iter().filter(|run| !known.contains(&run.run_id)).cloned());
    if plan.len() > before {
        store::write_json(&store.root().join("plan.json"), &plan)?;
    }
    Ok(planned)
}

/// Checks the same and writes nothing.
///
/// # Errors
/// Those of [`register`].
pub fn belongs(store: &Store, specs: &[RunSpec], data_digest: &str) -> Result<(), ExperimentError> {
    match (specs.first(), settings(store)?) {
        (Some(spec), Some(found)) => matching(store, found, &common(spec, data_digest)),
        _ => Ok(()),
    }
}

/// What all runs of the folder have in common, as JSON; `None` if nothing was ever planned.
///
/// # Errors
/// A damaged file.
pub fn settings(store: &Store) -> Result<Option<Value>, StoreError> {
    store::read_json(&store.root().join("experiment.json"))
}

/// Every run that was ever planned in this folder.
///
/// # Errors
/// A damaged plan.
pub fn plan(store: &Store) -> Result<Vec<Planned>, StoreError> {
    Ok(store::read_json(&store.root().join("plan.json"))?.unwrap_or_default())
}

fn planned(spec: &RunSpec, data_digest: &str) -> Planned {
    Planned {
        run_id: run_id(spec, data_digest),
        learning_rate: spec.train.learning_rate,
        batch_size: spec.train.batch_size,
        seed: spec.train.seed,
        algorithm: spec.train.algorithm,
    }
}

/// A run's settings without the axes of a sweep.
fn common(spec: &RunSpec, data_digest: &str) -> Value {
    let mut settings = training(spec, data_digest);
    remove_axes(&mut settings);
    settings
}

fn remove_axes(settings: &mut Value) {
    if let Some(train) = settings["train"].as_object_mut() {
        for axis in ["learning_rate", "batch_size", "seed", "algorithm"] {
            train.remove(axis);
        }
    }
}

fn match_experiment(store: &Store, settings: &Value) -> Result<(), ExperimentError> {
    let path = store.root().join("experiment.json");
    match self::settings(store)? {
        Some(found) => matching(store, found, settings),
        None => Ok(store::write_json(&path, settings)?),
    }
}

/// Refuses `settings` that are not those `found` in `store`.
fn matching(store: &Store, mut found: Value, settings: &Value) -> Result<(), ExperimentError> {
    remove_axes(&mut found);
    let differences: Vec<String> = differences(&found, settings).into_iter().map(told).collect();
    if differences.is_empty() {
        return Ok(());
    }
    let folder = store.root().display().to_string();
    Err(ExperimentError::Other { folder, differences: differences.join(", ") })
}

fn told((path, found, wanted): (String, &Value, &Value)) -> String {
    if path == "data.digest" {
        return "the images or labels are other ones".to_owned();
    }
    format!("{path} is {found} there and {wanted} here")
}
