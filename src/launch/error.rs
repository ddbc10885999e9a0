//! What can go wrong with a submission.

use crate::record::ExperimentError;
use crate::slurm::SlurmError;
use crate::store::StoreError;

/// A submission or a task that failed.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error(transparent)]
    Slurm(#[from] SlurmError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// The cluster limits the size of a job array.
    #[error(
        "{tasks} tasks are more than the {most} that a job array may have on this cluster; \
         put {chunk} or more runs into each: --chunk {chunk}"
    )]
    TooManyTasks { tasks: usize, most: usize, chunk: usize },
    /// The folder has no submission, or not the one with this number.
    #[error("{folder} has no submission {wanted}; `--launcher slurm` makes one")]
    NoSubmission { folder: String, wanted: String },
    /// The submission has no task with this number.
    #[error("submission {submission} has tasks 0 to {last}, not {task}")]
    NoTask { submission: u32, task: usize, last: usize },
    /// The configuration or the data were changed after the submission.
    #[error(
        "run {run} of task {task} is not in the plan of this configuration: it or its data were \
         changed after submission {submission}; submit again"
    )]
    OtherPlan { run: String, task: usize, submission: u32 },
}
