//! The states of the Slurm tasks that the runs of a results folder belong to.

use std::collections::HashMap;

use super::error::LaunchError;
use super::submission::{Submission, submissions};
use crate::record::TaskState;
use crate::slurm::{EndedTask, QueuedTask, ended_tasks, queued_scripts, queued_tasks};
use crate::store::{RunId, Store};

/// The state of the task of every submitted run, as far as Slurm or the folder knows it.
///
/// # Errors
/// Slurm gives no answer. It is not asked if nothing was submitted from the folder.
pub fn task_states(store: &Store) -> Result<HashMap<RunId, TaskState>, LaunchError> {
    let submissions = submitted(store)?;
    let arrays: Vec<u64> = submissions.iter().map(|(_, array)| *array).collect();
    let mut by_array: HashMap<u64, Vec<QueuedTask>> = HashMap::new();
    for task in queued_tasks(&arrays)? {
        by_array.entry(task.array).or_default().push(task);
    }
    let mut states = HashMap::new();
    // For a run that was submitted several times, the last submission counts.
    for (submission, array) in &submissions {
        let array = *array;
        let queued = by_array.remove(&array).unwrap_or_default();
        let mut set_state = |index: usize, state: TaskState| {
            for run in submission.tasks.get(index).into_iter().flatten() {
                states.insert(run.clone(), state.clone());
            }
        };
        for ended in all_ended_tasks(submission, array, &queued)? {
            set_state(ended.index, ended_state(submission, array, &ended));
        }
        for task in &queued {
            set_state(task.index, queued_state(task));
        }
    }
    Ok(states)
}

/// The submissions that reached Slurm, each with the number of its job array. That of a submission whose
/// launcher was ended before it could note the number is found in the queue.
fn submitted(store: &Store) -> Result<Vec<(Submission, u64)>, LaunchError> {
    let submissions = submissions(store)?;
    let is_noted = |submission: &Submission| submission.jobs.is_some();
    let queue = if submissions.iter().all(is_noted) { Vec::new() } else { queued_scripts()? };
    let array = |submission: &Submission| {
        let path = submission.array_path();
        let queued = || queue.iter().find(|queued| queued.is(&path)).map(|queued| queued.number);
        submission.jobs.as_ref().map(|jobs| jobs.array).or_else(queued)
    };
    let with_array = |submission: Submission| array(&submission).map(|array| (submission, array));
    Ok(submissions.into_iter().filter_map(with_array).collect())
}

fn queued_state(queued: &QueuedTask) -> TaskState {
    let task = task_name(queued.array, queued.index);
    if queued.is_active() {
        TaskState::Active { task }
    } else {
        TaskState::Pending { task, reason: queued.reason.clone() }
    }
}

fn ended_state(submission: &Submission, array: u64, ended: &EndedTask) -> TaskState {
    let log = submission.log(ended.index);
    TaskState::Ended {
        task: task_name(array, ended.index),
        state: ended.state.clone(),
        exit: ended.exit.clone(),
        log: log.exists().then_some(log),
    }
}

fn task_name(array: u64, index: usize) -> String {
    format!("{array}_{index}")
}

/// The ended tasks of a submission: those saved in its folder and, if tasks are missing there, those
/// that Slurm remembers.
fn all_ended_tasks(
    submission: &Submission,
    array: u64,
    queued: &[QueuedTask],
) -> Result<Vec<EndedTask>, LaunchError> {
    let mut all = submission.ended_tasks()?;
    if all.len() + queued.len() >= submission.tasks.len() {
        return Ok(all);
    }
    let saved = all.len();
    for ended in ended_tasks(array)? {
        let is_queued_again = queued.iter().any(|task| task.index == ended.index);
        if !is_queued_again && all.iter().all(|other| other.index != ended.index) {
            all.push(ended);
        }
    }
    // Another user's folder may be read-only.
    if all.len() > saved
        && let Err(error) = submission.save_ended_tasks(&all)
    {
        tracing::debug!("{error}");
    }
    Ok(all)
}
