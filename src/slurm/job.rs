//! The Slurm job that this process belongs to.

use std::env;

use serde::{Deserialize, Serialize};

/// One start of a job, or of one task of a job array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub cluster: String,
    /// The job's own number; each task of an array has one.
    pub number: u64,
    /// How often it was put back into the queue before this start.
    pub restarts: u64,
    /// Its name for Slurm's commands: `ARRAY_INDEX` for a task of an array, because the last task has
    /// the number of the whole array.
    pub name: String,
}

impl Job {
    /// The job of this process; `None` outside of Slurm.
    pub fn current() -> Option<Self> {
        let number = variable("SLURM_JOB_ID")?;
        let name = match (variable("SLURM_ARRAY_JOB_ID"), variable("SLURM_ARRAY_TASK_ID")) {
            (Some(array), Some(index)) => format!("{array}_{index}"),
            _ => number.to_string(),
        };
        let cluster = env::var("SLURM_CLUSTER_NAME").ok()?;
        let restarts = variable("SLURM_RESTART_COUNT").unwrap_or(0);
        Some(Self { cluster, number, restarts, name })
    }
}

/// The number of CPUs that Slurm allocated to this process.
///
/// The process may see all CPUs of the node, if the cluster does not confine it to its own.
pub fn allocated_cpus() -> Option<usize> {
    Job::current()?;
    variable("SLURM_CPUS_PER_TASK").or_else(|| variable("SLURM_CPUS_ON_NODE")).map(|n| n as usize)
}

fn variable(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}
