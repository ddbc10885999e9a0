//! Finishes the submissions of launchers that were ended half-way.

use std::path::Path;

use super::error::LaunchError;
use super::request::SubmissionRequest;
use super::scripts::gather_script;
use super::submission::{JobNumbers, Submission, remove_unsubmitted, submissions};
use crate::slurm::{self, QueuedScript};
use crate::store::{Store, write_file};

/// Finds the jobs of submissions whose launcher could not note their numbers any more, submits the
/// last job of those that have none, and removes what never reached Slurm. Returns the numbers of the
/// job arrays that were found.
///
/// A job that has ended meanwhile is not found: the runs that it has left are submitted again.
///
/// # Errors
/// Slurm gives no answer, or a file is damaged.
pub fn finish_submissions(
    store: &Store,
    request: &SubmissionRequest<'_>,
    cluster: &str,
) -> Result<Vec<u64>, LaunchError> {
    let all = submissions(store)?;
    let is_complete =
        |one: &Submission| one.jobs.as_ref().is_some_and(|jobs| jobs.gather.is_some());
    if all.iter().all(is_complete) {
        remove_unsubmitted(store)?;
        return Ok(Vec::new());
    }
    let queue = slurm::queued_scripts()?;
    let find =
        |path: &Path| queue.iter().find(|queued| queued.is(path)).map(|queued| queued.number);
    let mut found = Vec::new();
    for mut submission in all.into_iter().filter(|submission| !is_complete(submission)) {
        if submission.jobs.is_none() {
            let Some(array) = find(&submission.array_path()) else { continue };
            let jobs = JobNumbers { cluster: cluster.to_owned(), array, gather: None };
            submission.save_jobs(&jobs)?;
            submission.jobs = Some(jobs);
            found.push(array);
        }
        let Some(mut jobs) = submission.jobs.clone().filter(|jobs| is_queued(&queue, jobs.array))
        else {
            continue;
        };
        jobs.gather = match find(&submission.gather_path()) {
            Some(number) => Some(number),
            None => submit_gather(store, request, &submission, jobs.array)?,
        };
        submission.save_jobs(&jobs)?;
    }
    remove_unsubmitted(store)?;
    Ok(found)
}

fn is_queued(queue: &[QueuedScript], array: u64) -> bool {
    queue.iter().any(|queued| queued.number == array)
}

/// Submits the last job of the job array `array`; `None` if Slurm refuses it: the runs are submitted
/// without this job too, and `status` writes the summary.
///
/// # Errors
/// The script cannot be written.
pub fn submit_gather(
    store: &Store,
    request: &SubmissionRequest<'_>,
    submission: &Submission,
    array: u64,
) -> Result<Option<u64>, LaunchError> {
    let path = submission.gather_path();
    write_file(&path, gather_script(store, request, array, &submission.folder)?.as_bytes())?;
    Ok(slurm::submit(&path)
        .inspect_err(|error| tracing::warn!("the summary will not be gathered by Slurm: {error}"))
        .ok())
}
