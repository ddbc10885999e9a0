//! What can go wrong on the way to Slurm.

use crate::slurm::SlurmError;
use crate::sweep::{ExperimentError, StoreError};

/// A submission or a task that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error(transparent)]
    Slurm(#[from] SlurmError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// The cluster's limit.
    #[error(
        "{tasks} tasks are more than the {most} that a job array may have on this cluster; \
         put {chunk} or more runs into each: --chunk {chunk}"
    )]
    TooManyTasks { tasks: usize, most: usize, chunk: usize },
    /// Nothing was ever submitted from this folder, or not this.
    #[error("{folder} has no submission {wanted}; `--launcher slurm` makes one")]
    NoSubmission { folder: String, wanted: String },
    /// A number that is none.
    #[error("submission {submission} has tasks 0 to {last}, not {task}")]
    NoTask { submission: u32, task: usize, last: usize },
    /// The configuration or the data changed since.
    #[error(
        "run {run} of task {task} is not in the plan of this configuration: it or its data were \
         changed after submission {submission}; submit again"
    )]
    OtherPlan { run: String, task: usize, submission: u32 },
}
