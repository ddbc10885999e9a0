//! What can go wrong with a submission.

use std::path::PathBuf;

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
    /// Slurm takes no more jobs, from this user or at all.
    #[error("{error}; {}", remedy(.tasks, .chunk))]
    QueueLimit {
        error: SlurmError,
        tasks: usize,
        /// Runs per task that halve the number of tasks; `None` for a single task.
        chunk: Option<usize>,
    },
    /// A path that a batch script cannot name.
    #[error("{} cannot stand in a batch script: {reason}", .path.display())]
    Path { path: PathBuf, reason: &'static str },
    /// An option of the configuration that was not checked when it was read.
    #[error("slurm.options must hold {expected}, found {option:?}")]
    InvalidOption { option: String, expected: &'static str },
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

/// What helps against a limit of the queue.
fn remedy(tasks: &usize, chunk: &Option<usize>) -> String {
    let wait = "launch again when earlier jobs have ended";
    match chunk {
        Some(chunk) => format!(
            "each of the {tasks} tasks counts as a job: put more runs into each, for example with \
             --chunk {chunk}, or {wait}"
        ),
        None => wait.to_owned(),
    }
}
