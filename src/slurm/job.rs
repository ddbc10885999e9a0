//! The Slurm job that this process is part of.

use std::env;

use serde::{Deserialize, Serialize};

/// One start of a job, or of one element of a job array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub cluster: String,
    /// The number of this very job, which elements of an array have too.
    pub number: u64,
    /// How often it was put back into the queue before this start.
    pub restarts: u64,
    /// Its name for Slurm's commands. The number of an array's last element is that of the whole
    /// array, so an element goes by `ARRAY_INDEX`.
    pub name: String,
}

impl Job {
    /// This process's own, if it runs under Slurm.
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

/// The processors that Slurm gave this job's task.
///
/// Without confinement by the cluster a process sees all of the node's.
pub fn processors() -> Option<usize> {
    Job::current()?;
    variable("SLURM_CPUS_PER_TASK").or_else(|| variable("SLURM_CPUS_ON_NODE")).map(|n| n as usize)
}

fn variable(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}
