//! How far a results folder is.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde::Serialize;

use super::estimate::Estimate;
use super::experiment::{self, Planned};
use super::identity::RunId;
use super::pool::Failure;
use super::record::Record;
use super::store::{self, Store, StoreError};
use crate::train::StopReason;

/// Where one run stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RunState {
    Finished {
        stop_reason: StopReason,
        seconds: f64,
    },
    Running,
    /// It waits for Slurm, or for other runs of its task.
    Queued {
        task: String,
        reason: String,
    },
    Failed {
        reason: String,
    },
    Left,
}

/// Where Slurm has a run, or had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Its task waits, for Slurm's `reason`, which is `None` until Slurm has looked at it.
    Waiting { task: String, reason: String },
    /// Its task has a machine.
    AtWork { task: String },
    /// Its task ended in `state`.
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
    /// Seconds to go with as many workers as are running, or else as there are cores.
    pub seconds_left: Option<f64>,
    pub runs: Vec<RunStatus>,
}

/// One run of a folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunStatus {
    #[serde(flatten)]
    pub run: Planned,
    #[serde(flatten)]
    pub state: RunState,
}

impl Status {
    /// Runs with a record.
    pub fn finished(&self) -> usize {
        self.converged + self.max_epochs + self.diverged
    }
}

/// Looks at every planned run of `store`; `places` has what Slurm knows of them.
///
/// # Errors
/// A damaged file.
pub fn status(store: &Store, places: &HashMap<RunId, Place>) -> Result<Status, StoreError> {
    let mut runs = Vec::new();
    for run in experiment::plan(store)? {
        let state = state(store, &run, places.get(&run.run_id))?;
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

fn state(store: &Store, run: &Planned, place: Option<&Place>) -> Result<RunState, StoreError> {
    let folder = store.run_folder(&run.run_id);
    match store::read_json::<Record>(&folder.join("record.json")) {
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
    if let Some(queued) = place.and_then(queued) {
        return Ok(queued);
    }
    if let Some(failure) = store::read_json::<Failure>(&folder.join("failure.json"))? {
        return Ok(RunState::Failed { reason: failure.reason });
    }
    Ok(place.and_then(failed).unwrap_or(RunState::Left))
}

fn queued(place: &Place) -> Option<RunState> {
    match place.clone() {
        Place::Waiting { task, reason } => Some(RunState::Queued { task, reason }),
        Place::AtWork { task } => {
            Some(RunState::Queued { task, reason: "its task is at work".to_owned() })
        }
        Place::Ended { .. } => None,
    }
}

/// A task that Slurm ended for another reason than that it was through.
fn failed(place: &Place) -> Option<RunState> {
    let Place::Ended { task, state, exit, log } = place else { return None };
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
            estimate.add(run.run.batch_size, seconds);
        }
    }
    let ahead = |state: &RunState| {
        matches!(state, RunState::Left | RunState::Running | RunState::Queued { .. })
    };
    let mut left = BTreeMap::new();
    for run in runs.iter().filter(|run| ahead(&run.state)) {
        *left.entry(run.run.batch_size).or_default() += 1;
    }
    let work = estimate.seconds(&left)?;
    let running = runs.iter().filter(|run| run.state == RunState::Running).count();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Some(work / if running > 0 { running } else { cores } as f64)
}
