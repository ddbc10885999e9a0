//! Submits a sweep to Slurm.

use super::error::LaunchError;
use super::request::SubmissionRequest;
use super::scripts::{array_script, gather_script};
use super::submission::{JobNumbers, Submission, create_next_folder};
use super::tasks::{PlannedTasks, plan_tasks};
use crate::record::register;
use crate::slurm;
use crate::store::{Store, StoreError, write_file, write_json};

/// What was submitted.
#[derive(Debug, Clone)]
pub struct Submitted {
    pub planned: PlannedTasks,
    /// `None` if no runs remain.
    pub submission: Option<Submission>,
}

/// Writes the files of a submission of the remaining runs and submits it, unless no runs remain.
///
/// # Errors
/// The folder holds another experiment, or Slurm refuses; then nothing is in the queue.
pub fn submit(store: &Store, request: &SubmissionRequest<'_>) -> Result<Submitted, LaunchError> {
    register(store, request.plan)?;
    // Two submissions at the same time would both contain the same runs.
    let _lock = store.lock()?;
    let cluster = slurm::cluster()?;
    let planned = plan_tasks(store, request)?;
    planned.check_limit(&cluster)?;
    if planned.tasks.is_empty() {
        return Ok(Submitted { planned, submission: None });
    }
    let mut submission = write_submission(store, request, &planned)?;
    let array = slurm::submit(&submission.folder.join("array.sh"))?;
    let mut jobs = JobNumbers { cluster: cluster.name, array, gather: None };
    submission.save_jobs(&jobs)?;
    let path = submission.folder.join("gather.sh");
    write_file(&path, gather_script(store, request, array, &submission.folder).as_bytes())?;
    // The runs are submitted without this job too, and `status` writes the summary.
    match slurm::submit(&path) {
        Ok(gather) => jobs.gather = Some(gather),
        Err(error) => tracing::warn!("the summary will not be gathered by Slurm: {error}"),
    }
    submission.save_jobs(&jobs)?;
    submission.jobs = Some(jobs);
    Ok(Submitted { planned, submission: Some(submission) })
}

/// Writes all files that the tasks read.
fn write_submission(
    store: &Store,
    request: &SubmissionRequest<'_>,
    planned: &PlannedTasks,
) -> Result<Submission, LaunchError> {
    let (number, folder) = create_next_folder(store)?;
    let read = |source| StoreError::Io { action: "read", path: request.config.to_owned(), source };
    let config = std::fs::read(request.config).map_err(read)?;
    write_file(&folder.join("config.toml"), &config)?;
    let script = array_script(store, request, planned.tasks.len(), &folder);
    write_file(&folder.join("array.sh"), script.as_bytes())?;
    write_json(&folder.join("tasks.json"), &planned.tasks)?;
    Ok(Submission { number, folder, tasks: planned.tasks.clone(), jobs: None })
}
