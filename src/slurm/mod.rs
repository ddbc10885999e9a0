//! Slurm's commands `sbatch`, `squeue`, `sacct` and `scontrol`.
//!
//! This module does not know of runs or results folders.

mod cluster;
mod command;
mod ended;
mod job;
mod queue;
mod script;

pub use cluster::{Cluster, cluster};
pub use command::SlurmError;
pub use ended::{EndedTask, ended_tasks};
pub use job::{Job, allocated_cpus};
pub use queue::{QueuedTask, is_active, queued_tasks};
pub use script::{Script, quote};

/// Submits `script` with `sbatch`; returns the number of the new job.
///
/// # Errors
/// `sbatch` is missing or refuses.
pub fn submit(script: &std::path::Path) -> Result<u64, SlurmError> {
    let answer = command::run("sbatch", &["--parsable", &script.display().to_string()])?;
    // "number" or "number;cluster".
    let number = answer.trim().split(';').next().unwrap_or_default();
    number.parse().map_err(|_| SlurmError::UnexpectedAnswer { program: "sbatch", answer })
}

/// Puts the running job `job` back into the queue; Slurm then ends its processes.
///
/// # Errors
/// `scontrol` is missing or refuses.
pub fn requeue(job: &Job) -> Result<(), SlurmError> {
    command::run("scontrol", &["requeue", &job.name]).map(drop)
}
