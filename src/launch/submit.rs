//! Handing a submission to Slurm.

use std::path::PathBuf;

use super::LaunchError;
use super::prepare::{Order, Prepared, array_script, gather_script, prepare};
use super::submission::{Jobs, Submission, next};
use crate::slurm;
use crate::sweep::{Store, StoreError, register, write_file, write_json};

/// What was submitted.
#[derive(Debug, Clone)]
pub struct Submitted {
    pub prepared: Prepared,
    /// `None` if nothing is left.
    pub submission: Option<Submission>,
}

/// Freezes the runs that are left and submits them, unless there are none.
///
/// # Errors
/// The folder holds another experiment, or Slurm refuses; then nothing is in the queue.
pub fn submit(store: &Store, order: &Order<'_>) -> Result<Submitted, LaunchError> {
    register(store, order.specs, order.data_digest)?;
    // Two submissions at once would both find the same runs left.
    let _lock = store.lock()?;
    let cluster = slurm::cluster()?;
    let prepared = prepare(store, order)?;
    prepared.check(&cluster)?;
    if prepared.tasks.is_empty() {
        return Ok(Submitted { prepared, submission: None });
    }
    let mut submission = freeze(store, order, &prepared)?;
    let array = slurm::submit(&submission.folder.join("array.sh"))?;
    let mut jobs = Jobs { cluster: cluster.name, array, gather: None };
    submission.keep_jobs(&jobs)?;
    let path = submission.folder.join("gather.sh");
    write_file(&path, gather_script(store, order, array, &submission.folder).as_bytes())?;
    // The runs matter, and `status` gathers too.
    match slurm::submit(&path) {
        Ok(gather) => jobs.gather = Some(gather),
        Err(error) => tracing::warn!("the summary will not be gathered by Slurm: {error}"),
    }
    submission.keep_jobs(&jobs)?;
    submission.jobs = Some(jobs);
    Ok(Submitted { prepared, submission: Some(submission) })
}

/// Writes everything that the tasks will read.
fn freeze(
    store: &Store,
    order: &Order<'_>,
    prepared: &Prepared,
) -> Result<Submission, LaunchError> {
    let (number, folder): (u32, PathBuf) = next(store)?;
    let read = |source| StoreError::Io { action: "read", path: order.config.to_owned(), source };
    let config = std::fs::read(order.config).map_err(read)?;
    write_file(&folder.join("config.toml"), &config)?;
    let script = array_script(store, order, prepared.tasks.len(), &folder);
    write_file(&folder.join("array.sh"), script.as_bytes())?;
    write_json(&folder.join("tasks.json"), &prepared.tasks)?;
    Ok(Submission { number, folder, tasks: prepared.tasks.clone(), jobs: None })
}
