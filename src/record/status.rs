//! The progress of a results folder.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde::Serialize;

use super::estimate::Estimate;
use super::experiment::{self, PlannedRun};
use super::failure::Failure;
use super::run_record::Record;
use crate::store::{RunId, Store, StoreError};
use crate::train::StopReason;

/// The state of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RunState {
    Finished {
        stop_reason: StopReason,
        seconds: f64,
    },
    Running,
    /// It waits for Slurm to start its task, or for other runs of its task.
    Queued {
        task: String,
        reason: String,
    },
    Failed {
        reason: String,
    },
    Left,
}

/// State of the Slurm task that a run belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskState {
    /// It waits for Slurm's `reason`, which is `None` until Slurm has considered the task.
    Pending { task: String, reason: String },
    /// Slurm has started it.
    Active { task: String },
    /// It ended in Slurm's `state`.
    Ended { task: String, state: String, exit: String, log: Option<PathBuf> },
}

/// All runs of a folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    pub total: usize,
    pub converged: usize,
    pub max_epochs: usize,
    pub diverged: usize,
    pub running: usize,
    pub queued: usize,
    pub failed: usize,
    pub left: usize,
    /// Estimated seconds until all runs are finished, with as many workers as runs are running or, if
    /// none is, as there are cores.
    pub seconds_left: Option<f64>,
    pub runs: Vec<RunStatus>,
}

/// One run of a folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunStatus {
    #[serde(flatten)]
    pub run: PlannedRun,
    #[serde(flatten)]
    pub state: RunState,
}

impl Status {
    /// Runs with a record.
    pub fn finished(&self) -> usize {
        self.converged + self.max_epochs + self.diverged
    }
}

/// The state of every planned run of `store`; `tasks` has the states of Slurm tasks.
///
/// # Errors
/// A damaged file.
pub fn status(store: &Store, tasks: &HashMap<RunId, TaskState>) -> Result<Status, StoreError> {
    let mut runs = Vec::new();
    for run in experiment::read_plan(store)? {
        let state = state(store, &run, tasks.get(&run.run_id))?;
        runs.push(RunStatus { run, state });
    }
    let count =
        |wanted: fn(&RunState) -> bool| runs.iter().filter(|run| wanted(&run.state)).count();
    let stopped = |wanted: StopReason| {
        let matches = |run: &&RunStatus| matches!(run.state, RunState::Finished { stop_reason, .. } if stop_reason == wanted);
        runs.iter().filter(matches).count()
    };
    Ok(Status {
        total: runs.len(),
        converged: stopped(StopReason::Converged),
        max_epochs: stopped(StopReason::MaxEpochs),
        diverged: stopped(StopReason::Diverged),
        running: count(|state| matches!(state, RunState::Running)),
        queued: count(|state| matches!(state, RunState::Queued { .. })),
        failed: count(|state| matches!(state, RunState::Failed { .. })),
        left: count(|state| matches!(state, RunState::Left)),
        seconds_left: seconds_left(&runs),
        runs,
    })
}

fn state(
    store: &Store,
    run: &PlannedRun,
    task: Option<&TaskState>,
) -> Result<RunState, StoreError> {
    match Record::read(store, &run.run_id) {
        Ok(Some(record)) => {
            let seconds = record.train_seconds + record.analysis_seconds;
            return Ok(RunState::Finished { stop_reason: record.stop_reason, seconds });
        }
        Err(error @ StoreError::Damaged { .. }) => {
            return Ok(RunState::Failed { reason: error.to_string() });
        }
        Ok(None) => {}
        Err(error) => return Err(error),
    }
    if store.is_claimed(&run.run_id)? {
        return Ok(RunState::Running);
    }
    if let Some(queued) = task.and_then(queued) {
        return Ok(queued);
    }
    if let Some(failure) = Failure::read(store, &run.run_id)? {
        return Ok(RunState::Failed { reason: failure.reason });
    }
    Ok(task.and_then(failed).unwrap_or(RunState::Left))
}

/// The state of a run whose task waits or has started, but which no process has claimed.
fn queued(task: &TaskState) -> Option<RunState> {
    match task.clone() {
        TaskState::Pending { task, reason } => Some(RunState::Queued { task, reason }),
        TaskState::Active { task } => {
            Some(RunState::Queued { task, reason: "its task is running".to_owned() })
        }
        TaskState::Ended { .. } => None,
    }
}

/// The state of an unfinished run whose task did not end by itself.
fn failed(task: &TaskState) -> Option<RunState> {
    let TaskState::Ended { task, state, exit, log } = task else { return None };
    if state == "COMPLETED" {
        return None;
    }
    let log = log.as_ref().map_or(String::new(), |log| format!("; see {}", log.display()));
    let reason = format!("Slurm ended task {task}: {state}, exit code {exit}{log}");
    Some(RunState::Failed { reason })
}

fn seconds_left(runs: &[RunStatus]) -> Option<f64> {
    let mut estimate = Estimate::default();
    for run in runs {
        if let RunState::Finished { seconds, .. } = run.state {
            estimate.add(kind(&run.run), seconds);
        }
    }
    let is_unfinished = |state: &RunState| {
        matches!(state, RunState::Left | RunState::Running | RunState::Queued { .. })
    };
    let mut remaining = BTreeMap::new();
    for run in runs.iter().filter(|run| is_unfinished(&run.state)) {
        *remaining.entry(kind(&run.run)).or_default() += 1;
    }
    let work = estimate.seconds(&remaining)?;
    let running = runs.iter().filter(|run| run.state == RunState::Running).count();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Some(work / if running > 0 { running } else { cores } as f64)
}

/// Runs of equal batch size and further settings take about equally long.
fn kind(run: &PlannedRun) -> (usize, String) {
    let settings: Vec<String> =
        run.settings.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    (run.batch_size, settings.join(", "))
}
