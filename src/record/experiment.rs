//! The settings that all runs of a results folder share, and the plan of its runs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::identity::{run_id, training_settings};
use crate::config::RunSpec;
use crate::differences::differences;
use crate::process::Algorithm;
use crate::store::{self, RunId, Store, StoreError};

/// A results folder that holds another experiment.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// Its runs cannot be compared with the new ones in one summary and its figures.
    #[error(
        "{folder} holds another experiment: {differences}; choose another folder with \
         --set run.results=FOLDER"
    )]
    Other { folder: String, differences: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One entry of `plan.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedRun {
    pub run_id: RunId,
    pub learning_rate: f64,
    pub batch_size: usize,
    pub seed: u64,
    /// Plans from before this key were made for SGD, the default.
    #[serde(default)]
    pub algorithm: Algorithm,
}

/// Checks that the runs of `specs` share their settings with those in `store`, and adds them to its plan.
///
/// # Errors
/// The folder holds runs that differ in more than step size, batch size, seed and algorithm.
pub fn register(
    store: &Store,
    specs: &[RunSpec],
    data_digest: &str,
) -> Result<Vec<PlannedRun>, ExperimentError> {
    let planned: Vec<PlannedRun> = specs.iter().map(|spec| planned(spec, data_digest)).collect();
    let _lock = store.lock()?;
    if let Some(spec) = specs.first() {
        check_or_write(store, &without_axes(spec, data_digest))?;
    }
    let mut plan = read_plan(store)?;
    let known: BTreeSet<RunId> = plan.iter().map(|run| run.run_id.clone()).collect();
    let before = plan.len();
    plan.extend(planned.iter().filter(|run| !known.contains(&run.run_id)).cloned());
    if plan.len() > before {
        store::write_json(&store.root().join("plan.json"), &plan)?;
    }
    Ok(planned)
}

/// Makes the check of [`register`] and writes nothing.
///
/// # Errors
/// Those of [`register`].
pub fn check_experiment(
    store: &Store,
    specs: &[RunSpec],
    data_digest: &str,
) -> Result<(), ExperimentError> {
    match (specs.first(), shared_settings(store)?) {
        (Some(spec), Some(found)) => check_same(store, found, &without_axes(spec, data_digest)),
        _ => Ok(()),
    }
}

/// The settings that all runs of the folder share, as JSON; `None` if no run was planned yet.
///
/// # Errors
/// A damaged file.
pub fn shared_settings(store: &Store) -> Result<Option<Value>, StoreError> {
    store::read_json(&store.root().join("experiment.json"))
}

/// Every run that was ever planned in this folder.
///
/// # Errors
/// A damaged plan.
pub fn read_plan(store: &Store) -> Result<Vec<PlannedRun>, StoreError> {
    Ok(store::read_json(&store.root().join("plan.json"))?.unwrap_or_default())
}

fn planned(spec: &RunSpec, data_digest: &str) -> PlannedRun {
    PlannedRun {
        run_id: run_id(spec, data_digest),
        learning_rate: spec.train.learning_rate,
        batch_size: spec.train.batch_size,
        seed: spec.train.seed,
        algorithm: spec.train.algorithm,
    }
}

/// A run's settings without those that a sweep varies.
fn without_axes(spec: &RunSpec, data_digest: &str) -> Value {
    let mut settings = training_settings(spec, data_digest);
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

/// Checks `settings` against those of the folder, or writes them if it has none.
fn check_or_write(store: &Store, settings: &Value) -> Result<(), ExperimentError> {
    let path = store.root().join("experiment.json");
    match shared_settings(store)? {
        Some(found) => check_same(store, found, settings),
        None => Ok(store::write_json(&path, settings)?),
    }
}

/// Refuses `settings` that differ from those `found` in `store`.
fn check_same(store: &Store, mut found: Value, settings: &Value) -> Result<(), ExperimentError> {
    remove_axes(&mut found);
    let differences: Vec<String> =
        differences(&found, settings).into_iter().map(describe).collect();
    if differences.is_empty() {
        return Ok(());
    }
    let folder = store.root().display().to_string();
    Err(ExperimentError::Other { folder, differences: differences.join(", ") })
}

fn describe((path, found, wanted): (String, &Value, &Value)) -> String {
    if path == "data.digest" {
        return "the images or labels are other ones".to_owned();
    }
    format!("{path} is {found} there and {wanted} here")
}
