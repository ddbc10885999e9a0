//! The data of a report, read from the results folder once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::history::{self, LossCurve};
use crate::cell;
use crate::config::setting_text;
use crate::process::Algorithm;
use crate::record::{
    PlannedRun, Record, RunState, Status, TaskState, finished_records, further_axes,
    shared_settings, status,
};
use crate::statistics::distinct;
use crate::store::{RunId, Store, StoreError};
use crate::summary_csv::Facet;

/// One planned run.
#[derive(Debug)]
pub struct Run {
    pub plan: PlannedRun,
    pub state: RunState,
    pub record: Option<Record>,
    /// The loss curve, or why there is none.
    pub history: Result<LossCurve, String>,
    /// Its settings on the further axes of the sweep.
    pub facet: Facet,
}

/// A results folder at one moment.
#[derive(Debug)]
pub struct ReportData {
    /// The name of the folder.
    pub name: String,
    pub status: Status,
    /// The settings that all runs share.
    pub settings: Option<Value>,
    /// Sorted by batch size, algorithm, settings on further axes, step size and seed.
    pub runs: Vec<Run>,
    /// The keys of the further axes.
    pub further_axes: Vec<String>,
}

impl ReportData {
    /// Reads the plan, every record and every history; `tasks` are the states of Slurm tasks.
    ///
    /// # Errors
    /// A damaged plan or record; a damaged history is reported in its place.
    pub fn read(store: &Store, tasks: &HashMap<RunId, TaskState>) -> Result<Self, StoreError> {
        let status = status(store, tasks)?;
        let records =
            finished_records(store)?.into_iter().map(|record| (record.run_id.clone(), record));
        let mut records: BTreeMap<_, _> = records.collect();
        let further_axes: Vec<String> =
            further_axes(store)?.into_iter().map(|axis| axis.key).collect();
        let max_points = history::max_points(records.len());
        let mut runs = Vec::with_capacity(status.runs.len());
        for known in &status.runs {
            let record = records.remove(&known.run.run_id);
            let path = store.run_folder(&known.run.run_id).join("history.csv");
            let history = match &record {
                Some(_) => history::read(&path, max_points),
                None => Err("the run is not finished".to_owned()),
            };
            let (plan, state) = (known.run.clone(), known.state.clone());
            let facet = facet(&plan, &further_axes);
            runs.push(Run { plan, state, record, history, facet });
        }
        runs.sort_by(|a, b| {
            let sizes = a.plan.batch_size.cmp(&b.plan.batch_size);
            let rates = a.plan.learning_rate.total_cmp(&b.plan.learning_rate);
            let names = a.plan.algorithm.name().cmp(b.plan.algorithm.name());
            let facets = a.facet.cmp(&b.facet);
            sizes.then(names).then(facets).then(rates).then(a.plan.seed.cmp(&b.plan.seed))
        });
        let settings = shared_settings(store)?;
        Ok(Self { name: folder_name(store), status, settings, runs, further_axes })
    }

    /// The finished runs.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.runs.iter().filter_map(|run| run.record.as_ref())
    }

    /// The step sizes of the plan, ascending.
    pub fn learning_rates(&self) -> Vec<f64> {
        distinct(self.runs.iter().map(|run| run.plan.learning_rate))
    }

    /// The batch sizes of the plan, ascending.
    pub fn batch_sizes(&self) -> Vec<usize> {
        let mut sizes: Vec<usize> = self.runs.iter().map(|run| run.plan.batch_size).collect();
        sizes.dedup();
        sizes
    }

    /// The algorithms of the plan, sorted by name.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms: Vec<Algorithm> = Vec::new();
        for run in &self.runs {
            if !algorithms.contains(&run.plan.algorithm) {
                algorithms.push(run.plan.algorithm);
            }
        }
        algorithms.sort_by_key(|algorithm| algorithm.name());
        algorithms
    }

    /// The combinations of settings on further axes, in order; one without settings if there are no such
    /// axes.
    pub fn facets(&self) -> Vec<&Facet> {
        let facets: BTreeSet<&Facet> = self.runs.iter().map(|run| &run.facet).collect();
        facets.into_iter().collect()
    }

    /// The values of a further axis, in order.
    pub fn values(&self, axis: &str) -> Vec<String> {
        cell::distinct(self.runs.iter().map(|run| run.facet.value(axis)))
    }

    /// The seeds of the plan, ascending.
    pub fn seeds(&self) -> Vec<u64> {
        let mut seeds: Vec<u64> = self.runs.iter().map(|run| run.plan.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        seeds
    }
}

fn facet(plan: &PlannedRun, axes: &[String]) -> Facet {
    let text = |key| plan.settings.get(key).map_or_else(String::new, setting_text);
    Facet(axes.iter().map(|key| (key.clone(), text(key))).collect())
}

fn folder_name(store: &Store) -> String {
    let path = store.root().canonicalize().unwrap_or_else(|_| store.root().to_owned());
    path.file_name().map_or("results".to_owned(), |name| name.to_string_lossy().into_owned())
}
