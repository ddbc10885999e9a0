//! The settings that all runs of a results folder share, those in which they differ, and the plan of its
//! runs.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::identity::training_settings;
use super::run_plan::{Run, RunPlan};
use crate::config::OptimizerKeys;
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
    /// The values of the folder's further axes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Value>,
    /// The digest of its data, if the folder's runs differ in their data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_digest: Option<String>,
    /// Whether it was made by itself, and by no sweep.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lone: bool,
}

/// A key in which the runs of a folder differ, with its values in the order in which they were planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FurtherAxis {
    pub key: String,
    pub values: Vec<Value>,
}

/// `experiment.json`: the shared settings and, under `axes`, the keys in which runs differ.
#[derive(Debug, Clone, PartialEq)]
struct Experiment {
    settings: Value,
    axes: Vec<FurtherAxis>,
}

/// What a results folder becomes with the runs of a plan.
struct Registration {
    /// As they are now; `None` without a file.
    found: Option<Experiment>,
    experiment: Experiment,
    planned: Vec<PlannedRun>,
    is_plan_new: bool,
}

/// Checks that the runs of `plan` share their settings with those in `store`, and adds them to its plan.
///
/// # Errors
/// The folder holds runs that differ in more than the axes.
pub fn register(store: &Store, plan: &RunPlan) -> Result<(), ExperimentError> {
    let _lock = store.lock()?;
    let Some(registration) = registration(store, plan)? else { return Ok(()) };
    let Registration { found, experiment, planned, is_plan_new } = registration;
    if found.as_ref() != Some(&experiment) {
        store::write_json(&store.root().join("experiment.json"), &experiment.to_json())?;
    }
    if is_plan_new {
        store::write_json(&store.root().join("plan.json"), &planned)?;
    }
    Ok(())
}

/// Makes the check of [`register`] and writes nothing.
///
/// # Errors
/// Those of [`register`].
pub fn check_experiment(store: &Store, plan: &RunPlan) -> Result<(), ExperimentError> {
    store.refuse_foreign()?;
    registration(store, plan).map(drop)
}

/// The settings that all runs of the folder share, as JSON; `None` if no run was planned yet.
///
/// # Errors
/// A damaged file.
pub fn shared_settings(store: &Store) -> Result<Option<Value>, StoreError> {
    Ok(Experiment::read(store)?.map(|experiment| experiment.settings))
}

/// The keys in which the runs of the folder differ, beside step size, batch size, seed and algorithm.
///
/// # Errors
/// A damaged file.
pub fn further_axes(store: &Store) -> Result<Vec<FurtherAxis>, StoreError> {
    Ok(Experiment::read(store)?.map(|experiment| experiment.axes).unwrap_or_default())
}

/// Every run that was ever planned in this folder.
///
/// # Errors
/// A damaged plan.
pub fn read_plan(store: &Store) -> Result<Vec<PlannedRun>, StoreError> {
    Ok(store::read_json(&store.root().join("plan.json"))?.unwrap_or_default())
}

impl Experiment {
    fn read(store: &Store) -> Result<Option<Self>, StoreError> {
        let path = store.root().join("experiment.json");
        let Some(mut settings) = store::read_json::<Value>(&path)? else { return Ok(None) };
        let axes = settings.as_object_mut().and_then(|entries| entries.remove(AXES));
        let axes = axes.map_or(Ok(Vec::new()), serde_json::from_value);
        let axes = axes.map_err(|error| StoreError::Damaged { path, fault: error.to_string() })?;
        Ok(Some(Self { settings, axes }))
    }

    fn to_json(&self) -> Value {
        let mut file = self.settings.clone();
        if !self.axes.is_empty()
            && let Some(entries) = file.as_object_mut()
        {
            entries.insert(AXES.to_owned(), json!(self.axes));
        }
        file
    }
}

/// The key of the axes in `experiment.json`.
const AXES: &str = "axes";

/// The folder with the runs of `plan`; `None` if there are none.
fn registration(store: &Store, plan: &RunPlan) -> Result<Option<Registration>, ExperimentError> {
    let Some(first) = plan.runs.first() else { return Ok(None) };
    let found = Experiment::read(store)?;
    let earlier_axes = found.iter().flat_map(|experiment| &experiment.axes);
    let mut keys: Vec<String> = earlier_axes.map(|axis| axis.key.clone()).collect();
    let new_keys = plan.further_axes.iter().filter(|key| !keys.contains(key)).cloned();
    let new_keys: Vec<String> = new_keys.collect();
    keys.extend(new_keys.iter().cloned());
    let mut planned = read_plan(store)?;
    let settings = shared(first, &keys);
    if let Some(found) = &found {
        check_same(store, found, &settings, &keys, plan)?;
        complete(&mut planned, &found.settings, &new_keys, plan);
    }
    check_data(store, &planned, &keys, plan)?;
    let is_plan_new = add_runs(&mut planned, &keys, plan) || !new_keys.is_empty();
    let axes = keys.into_iter().map(|key| axis_of(key, &planned)).collect();
    Ok(Some(Registration {
        found,
        experiment: Experiment { settings, axes },
        planned,
        is_plan_new,
    }))
}

/// A run's settings without those in which the runs of its folder differ.
///
/// Where these are settings of the data, the other settings of the data stand in the place of its digest.
fn shared(run: &Run, axes: &[String]) -> Value {
    let mut settings = training_settings(&run.spec, &run.data.digest);
    if differ_in_data(axes) {
        settings["data"] = json!(run.spec.data);
        // The same data may lie elsewhere.
        remove(&mut settings, "data.folder");
    }
    remove_axes(&mut settings, axes);
    settings
}

fn differ_in_data(axes: &[String]) -> bool {
    axes.iter().any(|key| key.starts_with("data.") && key != "data.scaling")
}

fn remove_axes(settings: &mut Value, axes: &[String]) {
    for key in ["learning_rate", "batch_size", "seed", "algorithm"] {
        remove(settings, &format!("train.{key}"));
    }
    axes.iter().for_each(|key| remove(settings, key));
}

/// Removes a dotted key; those of `[run]` are outside every section in `experiment.json`.
fn remove(settings: &mut Value, key: &str) {
    let key = key.strip_prefix("run.").unwrap_or(key);
    let (parents, name) = key.rsplit_once('.').unwrap_or(("", key));
    let table = if parents.is_empty() {
        Some(settings)
    } else {
        settings.pointer_mut(&format!("/{}", parents.replace('.', "/")))
    };
    if let Some(entries) = table.and_then(Value::as_object_mut) {
        entries.remove(name);
    }
}

/// Refuses `settings` that differ from those `found` in `store`, the axes aside.
fn check_same(
    store: &Store,
    found: &Experiment,
    settings: &Value,
    keys: &[String],
    plan: &RunPlan,
) -> Result<(), ExperimentError> {
    let mut found_settings = found.settings.clone();
    let mut settings = settings.clone();
    let digest = found_settings.pointer("/data/digest").cloned();
    if differ_in_data(keys)
        && let Some(digest) = digest
    {
        // The folder's runs had the same data so far, which must be among those of the new runs.
        let is_known = plan.runs.iter().any(|run| digest == json!(run.data.digest));
        settings["data"] = if is_known { Value::Null } else { json!({ "digest": "other" }) };
        found_settings["data"] = if is_known { Value::Null } else { json!({ "digest": digest }) };
    }
    remove_axes(&mut found_settings, keys);
    let differences: Vec<String> =
        differences(&found_settings, &settings).into_iter().map(describe).collect();
    refuse(store, differences)
}

fn refuse(store: &Store, differences: Vec<String>) -> Result<(), ExperimentError> {
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
    // A key that is not written has its default.
    let default = OptimizerKeys::default_of(&path).unwrap_or_default();
    let written = |value: &Value| if value.is_null() { default.clone() } else { value.clone() };
    format!("{path} is {} there and {} here", written(found), written(wanted))
}

/// Gives earlier runs the values that they shared until `new_keys` became axes.
fn complete(planned: &mut [PlannedRun], shared: &Value, new_keys: &[String], plan: &RunPlan) {
    let mut values: BTreeMap<String, Value> = BTreeMap::new();
    let mut digest = None;
    for key in new_keys {
        let outside = key.strip_prefix("run.").unwrap_or(key);
        let mut value = shared.pointer(&format!("/{}", outside.replace('.', "/"))).cloned();
        value = value.or_else(|| OptimizerKeys::default_of(key));
        if value.is_none() {
            let found = shared.pointer("/data/digest").and_then(Value::as_str);
            let same = plan.runs.iter().find(|run| Some(run.data.digest.as_str()) == found);
            value = same.and_then(|run| run.spec.setting(key));
            digest = found.map(str::to_owned);
        }
        values.extend(value.map(|value| (key.clone(), value)));
    }
    for run in planned {
        for (key, value) in &values {
            run.settings.entry(key.clone()).or_insert_with(|| value.clone());
        }
        if run.data_digest.is_none() {
            run.data_digest.clone_from(&digest);
        }
    }
}

/// Refuses runs whose data settings are those of earlier runs while the data is other.
fn check_data(
    store: &Store,
    planned: &[PlannedRun],
    keys: &[String],
    plan: &RunPlan,
) -> Result<(), ExperimentError> {
    if !differ_in_data(keys) {
        return Ok(());
    }
    let data_keys: Vec<&String> = keys.iter().filter(|key| key.starts_with("data.")).collect();
    let earlier: HashMap<String, &String> = planned
        .iter()
        .filter_map(|run| {
            let values: Vec<_> = data_keys.iter().map(|key| run.settings.get(*key)).collect();
            Some((json!(values).to_string(), run.data_digest.as_ref()?))
        })
        .collect();
    if earlier.is_empty() {
        return Ok(());
    }
    let differs = plan.runs.iter().any(|run| {
        let values: Vec<_> = data_keys.iter().map(|key| run.spec.setting(key)).collect();
        earlier.get(&json!(values).to_string()).is_some_and(|digest| **digest != run.data.digest)
    });
    let differences = differs.then(|| "the images or labels are other ones".to_owned());
    refuse(store, differences.into_iter().collect())
}

/// Adds the runs of `plan` that are not among those `planned`; returns whether anything changed.
fn add_runs(planned: &mut Vec<PlannedRun>, keys: &[String], plan: &RunPlan) -> bool {
    let known: HashMap<RunId, usize> =
        planned.iter().enumerate().map(|(place, run)| (run.run_id.clone(), place)).collect();
    let mut changed = false;
    for run in &plan.runs {
        match known.get(&run.id) {
            None => planned.push(entry(run, keys, plan.is_lone)),
            // A run by itself that a sweep asks for later is one of the sweep's.
            Some(&place) if planned[place].lone && !plan.is_lone => planned[place].lone = false,
            Some(_) => continue,
        }
        changed = true;
    }
    changed
}

fn entry(run: &Run, keys: &[String], lone: bool) -> PlannedRun {
    let train = &run.spec.train;
    let settings = keys.iter().filter_map(|key| Some((key.clone(), run.spec.setting(key)?)));
    PlannedRun {
        run_id: run.id.clone(),
        learning_rate: train.learning_rate,
        batch_size: train.batch_size,
        seed: train.seed,
        algorithm: train.algorithm,
        settings: settings.collect(),
        data_digest: differ_in_data(keys).then(|| run.data.digest.clone()),
        lone,
    }
}

fn axis_of(key: String, planned: &[PlannedRun]) -> FurtherAxis {
    let mut seen = std::collections::HashSet::new();
    let values = planned.iter().filter_map(|run| run.settings.get(&key));
    let values = values.filter(|value| seen.insert(value.to_string())).cloned().collect();
    FurtherAxis { key, values }
}
