//! Divides the unfinished runs of a sweep into tasks.

use super::error::LaunchError;
use super::request::SubmissionRequest;
use super::task_states::task_states;
use crate::record::{TaskState, is_finished};
use crate::slurm::Cluster;
use crate::store::{RunId, Store, StoreError};

/// The tasks of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTasks {
    pub tasks: Vec<Vec<RunId>>,
    pub finished: usize,
    /// Runs that wait in Slurm's queue or that a process is working on.
    pub busy: usize,
}

/// Divides the runs that are neither finished nor busy into tasks.
///
/// # Errors
/// Slurm gives no answer, or a file is damaged.
pub fn plan_tasks(
    store: &Store,
    request: &SubmissionRequest<'_>,
) -> Result<PlannedTasks, LaunchError> {
    let states = task_states(store)?;
    let is_busy = |id: &RunId| -> Result<bool, StoreError> {
        let queued =
            matches!(states.get(id), Some(TaskState::Pending { .. } | TaskState::Active { .. }));
        Ok(queued || store.is_claimed(id)?)
    };
    let (mut remaining, mut finished, mut busy) = (Vec::new(), 0, 0);
    for run in &request.plan.runs {
        if is_finished(store, &run.spec, &run.id)? {
            finished += 1;
        } else if is_busy(&run.id)? {
            busy += 1;
        } else {
            remaining.push(run.id.clone());
        }
    }
    let tasks = remaining.chunks(request.slurm.chunk).map(<[RunId]>::to_vec).collect();
    Ok(PlannedTasks { tasks, finished, busy })
}

impl PlannedTasks {
    /// Number of runs to be submitted.
    pub fn runs(&self) -> usize {
        self.tasks.iter().map(Vec::len).sum()
    }

    /// Checks that a job array of the cluster can have so many tasks.
    ///
    /// # Errors
    /// [`LaunchError::TooManyTasks`].
    pub fn check_limit(&self, cluster: &Cluster) -> Result<(), LaunchError> {
        // The last job, which gathers, is one more.
        let most = cluster.most_tasks.min(cluster.most_jobs.saturating_sub(1)).max(1);
        let tasks = self.tasks.len();
        if tasks <= most {
            return Ok(());
        }
        Err(LaunchError::TooManyTasks { tasks, most, chunk: self.runs().div_ceil(most) })
    }
}
