//! Slurm, spoken to through its own commands as a user does: `sbatch`, `squeue`, `sacct`, `scontrol`.
//!
//! Nothing here knows of runs or results folders, and nothing here schedules: the cluster does.

mod cluster;
mod command;
mod ends;
mod job;
mod queue;
mod script;

pub use cluster::{Cluster, cluster};
pub use command::SlurmError;
pub use ends::{End, ends};
pub use job::{Job, processors};
pub use queue::{Element, is_at_work, queue};
pub use script::{Script, quote};

/// Hands `script` to `sbatch`; the number of the new job.
///
/// # Errors
/// `sbatch` is missing or refused.
pub fn submit(script: &std::path::Path) -> Result<u64, SlurmError> {
    let answer = command::run("sbatch", &["--parsable", &script.display().to_string()])?;
    // "number" or "number;cluster".
    let number = answer.trim().split(';').next().unwrap_or_default();
    number.parse().map_err(|_| SlurmError::Unclear { program: "sbatch", answer })
}

/// Puts `job`, which is at work, back into the queue; Slurm then ends its processes.
///
/// # Errors
/// `scontrol` is missing or refused.
pub fn requeue(job: &Job) -> Result<(), SlurmError> {
    command::run("scontrol", &["requeue", &job.name]).map(drop)
}
