//! Variables of the environment that Slurm's commands must not see.
//!
//! An input variable such as `SBATCH_TIMELIMIT` takes precedence over the `#SBATCH` lines of a script,
//! `SQUEUE_STATES` hides jobs, and the `SLURM_*` of the job that a command is started in (`SLURM_NTASKS`,
//! `SLURM_MEM_PER_CPU`, `SLURM_RESTART_COUNT`, …) are handed on to the new one.

use std::env;
use std::process::Command;

/// Prefixes of the variables that set options of Slurm's commands or describe the job of this process.
const PREFIXES: [&str; 8] =
    ["SBATCH_", "SLURM_", "SRUN_", "SALLOC_", "SQUEUE_", "SACCT_", "SCONTROL_", "SCANCEL_"];
/// Prefixes of the variables that say how Slurm is reached: its configuration, tokens and sockets.
const KEPT: [&str; 3] = ["SLURM_CONF", "SLURM_JWT", "SLURM_SACK"];
/// Variables without the prefix `SBATCH_` that `sbatch` reads as options.
const OTHER_OPTIONS: [&str; 2] = ["SLURM_CLUSTERS", "SLURM_HINT"];

/// Removes the variables from the environment of `command`.
pub fn clear(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_removed) {
            command.env_remove(name);
        }
    }
}

/// The variables of the environment that set options of `sbatch`, and have no effect here.
pub fn ignored_variables() -> Vec<String> {
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut names: Vec<String> = names.filter(|name| is_option(name)).collect();
    names.sort_unstable();
    names
}

fn is_removed(name: &str) -> bool {
    let starts_with = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    starts_with(&PREFIXES) && !starts_with(&KEPT)
}

fn is_option(name: &str) -> bool {
    name.starts_with("SBATCH_") || OTHER_OPTIONS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_the_surrounding_job_are_removed_and_the_way_to_slurm_stays() {
        for name in [
            "SBATCH_TIMELIMIT",
            "SLURM_CPU_BIND",
            "SLURM_JOB_ID",
            "SLURM_RESTART_COUNT",
            "SRUN_CPUS_PER_TASK",
            "SQUEUE_STATES",
            "SACCT_FORMAT",
            "SLURM_CLUSTERS",
        ] {
            assert!(is_removed(name), "{name}");
        }
        for name in ["SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_JWT", "PATH", "OMP_NUM_THREADS"] {
            assert!(!is_removed(name), "{name}");
        }
        assert!(is_option("SBATCH_ACCOUNT") && is_option("SLURM_CLUSTERS"));
        assert!(!is_option("SLURM_JOB_ID"));
    }
}
