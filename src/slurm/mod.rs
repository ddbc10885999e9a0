//! Slurm's commands `sbatch`, `squeue`, `sacct` and `scontrol`.
//!
//! This module does not know of runs or results folders.

mod cluster;
mod command;
mod ended;
mod environment;
mod job;
mod queue;
mod quoting;
mod sbatch_option;
mod script;

pub use cluster::{Cluster, cluster};
pub use command::SlurmError;
pub use ended::{EndedTask, ended_tasks};
pub use environment::ignored_variables;
pub use job::{Job, allocated_cpus};
pub use queue::{
    Eviction, QueuedScript, QueuedTask, eviction, is_active, queued_scripts, queued_tasks,
};
pub use quoting::{escape_literal_name, escape_pattern, quote};
pub use sbatch_option::{Instead, Reserved, SbatchOption};
pub use script::Script;

/// Submits `script` with `sbatch`; returns the number of the new job.
///
/// # Errors
/// `sbatch` is missing or refuses.
pub fn submit(script: &std::path::Path) -> Result<u64, SlurmError> {
    let path = script.display().to_string();
    let answer = command::run_with_messages("sbatch", &["--parsable", &path])?;
    let command::Answer { text: answer, message } = answer;
    // "number" or "number;cluster".
    let number = answer.trim().split(';').next().unwrap_or_default();
    let parsed = number.parse();
    parsed.map_err(|_| SlurmError::UnexpectedAnswer { program: "sbatch", answer, message })
}

/// Puts the running job `job` back into the queue; Slurm then ends its processes.
///
/// # Errors
/// `scontrol` is missing or refuses.
pub fn requeue(job: &Job) -> Result<(), SlurmError> {
    command::run("scontrol", &["requeue", &job.name]).map(drop)
}
