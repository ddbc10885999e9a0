//! Submits a sweep to Slurm.

use std::path::Path;

use super::error::LaunchError;
use super::request::SubmissionRequest;
use super::scripts::array_script;
use super::submission::{JobNumbers, Submission, create_next_folder, remove_folder};
use super::tasks::{PlannedTasks, plan_tasks};
use super::undo::Before;
use super::unfinished::{finish_submissions, submit_gather};
use crate::record::register;
use crate::slurm::{self, Cluster, SlurmError};
use crate::store::{Store, StoreError, write_file, write_json};

/// What was submitted.
#[derive(Debug, Clone)]
pub struct Submitted {
    pub planned: PlannedTasks,
    /// `None` if no runs remain.
    pub submission: Option<Submission>,
    /// Job arrays of earlier launchers that were ended before they could note them.
    pub found: Vec<u64>,
}

/// Writes the files of a submission of the remaining runs into the results folder `results` and submits
/// it, unless no runs remain.
///
/// # Errors
/// The folder holds another experiment, or Slurm refuses; then nothing is in the queue, and the folder
/// is as it was before.
pub fn submit(results: &Path, request: &SubmissionRequest<'_>) -> Result<Submitted, LaunchError> {
    let cluster = slurm::cluster()?;
    let mut before = Before::note(results)?;
    let store = Store::create(results)?;
    let submitted = register(&store, request.plan)
        .map_err(LaunchError::from)
        .and_then(|()| Ok(before.note_written()?))
        .and_then(|()| submit_remaining(&store, request, &cluster));
    if submitted.is_err()
        && let Err(error) = before.restore(&store)
    {
        tracing::warn!("{error}");
    }
    submitted
}

fn submit_remaining(
    store: &Store,
    request: &SubmissionRequest<'_>,
    cluster: &Cluster,
) -> Result<Submitted, LaunchError> {
    // Two submissions at the same time would both contain the same runs.
    let _lock = store.lock()?;
    let found = finish_submissions(store, request, &cluster.name)?;
    let planned = plan_tasks(store, request)?;
    planned.check_limit(cluster)?;
    if planned.tasks.is_empty() {
        return Ok(Submitted { planned, submission: None, found });
    }
    let mut submission = write_submission(store, request, &planned)?;
    let array = submit_array(&submission, request, &planned)?;
    let mut jobs = JobNumbers { cluster: cluster.name.clone(), array, gather: None };
    submission.save_jobs(&jobs)?;
    jobs.gather = submit_gather(store, request, &submission, array)?;
    submission.save_jobs(&jobs)?;
    submission.jobs = Some(jobs);
    Ok(Submitted { planned, submission: Some(submission), found })
}

/// Writes all files that the tasks read.
fn write_submission(
    store: &Store,
    request: &SubmissionRequest<'_>,
    planned: &PlannedTasks,
) -> Result<Submission, LaunchError> {
    let (number, folder) = create_next_folder(store)?;
    let write = || -> Result<(), LaunchError> {
        let read =
            |source| StoreError::Io { action: "read", path: request.config.to_owned(), source };
        let config = std::fs::read(request.config).map_err(read)?;
        write_file(&folder.join("config.toml"), &config)?;
        let script = array_script(store, request, planned.tasks.len(), &folder)?;
        write_file(&folder.join("array.sh"), script.as_bytes())?;
        Ok(write_json(&folder.join("tasks.json"), &planned.tasks)?)
    };
    if let Err(error) = write() {
        remove_folder(&folder)?;
        return Err(error);
    }
    Ok(Submission { number, folder, tasks: planned.tasks.clone(), jobs: None })
}

/// Submits the job array; removes the folder of the submission if Slurm has not taken it.
///
/// If `sbatch` gave no number or no answer at all, the queue shows whether Slurm has the job. If the queue
/// is unknown too, the folder stays, so that the next launcher can look for the job.
fn submit_array(
    submission: &Submission,
    request: &SubmissionRequest<'_>,
    planned: &PlannedTasks,
) -> Result<u64, LaunchError> {
    let path = submission.array_path();
    let error = match slurm::submit(&path) {
        Ok(number) => return Ok(number),
        Err(error) => error,
    };
    let is_refused = matches!(error, SlurmError::Start { .. } | SlurmError::Refused { .. });
    let queue = if is_refused { Ok(Vec::new()) } else { slurm::queued_scripts() };
    if let Ok(queue) = queue {
        if let Some(found) = queue.iter().find(|job| job.is(&path)) {
            return Ok(found.number);
        }
        remove_folder(&submission.folder)?;
    }
    Err(with_remedy(error, request, planned))
}

/// The error, with what helps against a limit of the queue.
fn with_remedy(
    error: SlurmError,
    request: &SubmissionRequest<'_>,
    planned: &PlannedTasks,
) -> LaunchError {
    if !error.is_queue_limit() {
        return error.into();
    }
    let tasks = planned.tasks.len();
    let chunk = request.slurm.chunk.saturating_mul(2).min(planned.runs());
    LaunchError::QueueLimit { error, tasks, chunk: (tasks > 1).then_some(chunk) }
}
