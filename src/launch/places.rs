//! Where the runs of a results folder are in Slurm's queue, or how their tasks ended.

use std::collections::HashMap;

use super::LaunchError;
use super::submission::{Submission, submissions};
use crate::slurm::{Element, End, ends, queue};
use crate::sweep::{Place, RunId, Store};

/// The place of every run that was ever submitted and that Slurm, or the folder, knows about.
///
/// # Errors
/// Slurm cannot be asked; a folder from which nothing was submitted does not ask it.
pub fn places(store: &Store) -> Result<HashMap<RunId, Place>, LaunchError> {
    let submissions = submissions(store)?;
    let arrays: Vec<u64> = submissions.iter().filter_map(array).collect();
    let mut by_array: HashMap<u64, Vec<Element>> = HashMap::new();
    for element in queue(&arrays)? {
        by_array.entry(element.array).or_default().push(element);
    }
    let mut places = HashMap::new();
    // A run that was submitted again is where it was put last.
    for submission in &submissions {
        let Some(array) = array(submission) else { continue };
        let queued = by_array.remove(&array).unwrap_or_default();
        for end in known_ends(submission, array, &queued)? {
            place(&mut places, submission, end.index, |task| ended(submission, &end, task));
        }
        for element in &queued {
            place(&mut places, submission, element.index, |task| waiting(element, task));
        }
    }
    Ok(places)
}

fn array(submission: &Submission) -> Option<u64> {
    submission.jobs.as_ref().map(|jobs| jobs.array)
}

fn place(
    places: &mut HashMap<RunId, Place>,
    submission: &Submission,
    index: usize,
    make: impl Fn(String) -> Place,
) {
    let array = array(submission).unwrap_or_default();
    for run in submission.tasks.get(index).into_iter().flatten() {
        places.insert(run.clone(), make(format!("{array}_{index}")));
    }
}

fn waiting(element: &Element, task: String) -> Place {
    if element.is_at_work() {
        return Place::AtWork { task };
    }
    Place::Waiting { task, reason: element.reason.clone() }
}

fn ended(submission: &Submission, end: &End, task: String) -> Place {
    let (state, exit) = (end.state.clone(), end.exit.clone());
    let log = submission.log(end.index);
    Place::Ended { task, state, exit, log: log.exists().then_some(log) }
}

/// The ends of a submission's tasks; Slurm is asked only as long as some are unknown.
fn known_ends(
    submission: &Submission,
    array: u64,
    queued: &[Element],
) -> Result<Vec<End>, LaunchError> {
    let mut known = submission.ends()?;
    if known.len() + queued.len() >= submission.tasks.len() {
        return Ok(known);
    }
    let before = known.len();
    for end in ends(array)? {
        let waits_again = queued.iter().any(|element| element.index == end.index);
        if !waits_again && known.iter().all(|seen| seen.index != end.index) {
            known.push(end);
        }
    }
    // In a folder of somebody else's nothing is remembered.
    if known.len() > before
        && let Err(error) = submission.keep_ends(&known)
    {
        tracing::debug!("{error}");
    }
    Ok(known)
}
