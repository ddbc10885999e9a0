//! The plan of a sweep's grid in a results folder.

use std::collections::HashMap;
use std::sync::Arc;

use super::experiment::{PlannedRun, read_plan};
use super::run_plan::{Run, RunPlan};
use crate::config::{Grid, RunSpec, setting_text};
use crate::data::{DataError, DataSources};
use crate::store::{RunId, Store, StoreError};

/// Runs that cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Two combinations of the axes' values are one computation.
    #[error(
        "the sweep has the same run twice, with {first} and with {second}: nothing that a run \
         depends on differs between them; leave one out"
    )]
    SameRun { first: String, second: String },
}

impl RunPlan {
    /// The runs of `grid`, to be made in `store`. A run that an earlier version made there, with a step
    /// size of other last digits, keeps its identity.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn of_grid(store: &Store, grid: &Grid) -> Result<Self, PlanError> {
        let mut sources = DataSources::default();
        let earlier = EarlierRuns::in_folder(store)?;
        let mut runs: Vec<Run> = Vec::with_capacity(grid.runs.len());
        let mut places: HashMap<RunId, usize> = HashMap::with_capacity(grid.runs.len());
        for found in &grid.runs {
            let data = sources.get(&found.spec.data)?;
            let mut run = Run::new(found.spec.clone(), data);
            if found.rate_is_rounded {
                run = earlier.same_run(run);
            }
            if let Some(&place) = places.get(&run.id) {
                return Err(same_run(&grid.runs[place].spec, &found.spec, grid));
            }
            places.insert(run.id.clone(), runs.len());
            runs.push(run);
        }
        Ok(Self { runs, further_axes: grid.further_axes(), is_lone: false })
    }
}

/// The error that names the axes in which two equal runs differ.
fn same_run(first: &RunSpec, second: &RunSpec, grid: &Grid) -> PlanError {
    let axes = || grid.config.sweep.axes.iter().map(|axis| &axis.key);
    let mut differing: Vec<&String> =
        axes().filter(|key| first.setting(key) != second.setting(key)).collect();
    if differing.is_empty() {
        // The same value in two notations, such as 1 and 1.0.
        differing = axes().collect();
    }
    let describe = |spec: &RunSpec| {
        let value = |key: &&String| Some(format!("{key} = {}", setting_text(&spec.setting(key)?)));
        differing.iter().filter_map(value).collect::<Vec<_>>().join(", ")
    };
    PlanError::SameRun { first: describe(first), second: describe(second) }
}

/// Largest relative difference of a step size to that of an earlier version: some last digits.
const ROUNDING: f64 = 1e-12;

/// The runs that a folder has, by batch size and seed, in the order of their step sizes.
struct EarlierRuns {
    by_batch: HashMap<(usize, u64), Vec<PlannedRun>>,
}

impl EarlierRuns {
    fn in_folder(store: &Store) -> Result<Self, StoreError> {
        let mut by_batch: HashMap<_, Vec<PlannedRun>> = HashMap::new();
        for run in read_plan(store)? {
            by_batch.entry((run.batch_size, run.seed)).or_default().push(run);
        }
        for runs in by_batch.values_mut() {
            runs.sort_by(|a, b| a.learning_rate.total_cmp(&b.learning_rate));
        }
        Ok(Self { by_batch })
    }

    /// `run`, or the same run of the folder at a step size of other last digits.
    fn same_run(&self, run: Run) -> Run {
        let train = &run.spec.train;
        let rate = train.learning_rate;
        let Some(runs) = self.by_batch.get(&(train.batch_size, train.seed)) else { return run };
        let lowest = rate * (1.0 - ROUNDING);
        let start = runs.partition_point(|earlier| earlier.learning_rate < lowest);
        let near: Vec<&PlannedRun> = runs[start..]
            .iter()
            .take_while(|earlier| earlier.learning_rate <= rate * (1.0 + ROUNDING))
            .collect();
        if near.iter().any(|earlier| earlier.run_id == run.id) {
            return run;
        }
        let at = |learning_rate| {
            let mut spec = run.spec.clone();
            spec.train.learning_rate = learning_rate;
            Run::new(spec, Arc::clone(&run.data))
        };
        let same = near.iter().find_map(|earlier| {
            Some(at(earlier.learning_rate)).filter(|run| run.id == earlier.run_id)
        });
        same.unwrap_or(run)
    }
}
