//! How the tasks of a job array ended.

use serde::{Deserialize, Serialize};

use super::command::{SlurmError, query_jobs, run};
use super::queue::field;

/// A task of a job array that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedTask {
    /// Index in the array.
    pub index: usize,
    /// Slurm's name of the state: `COMPLETED`, `FAILED`, `TIMEOUT`, `OUT_OF_MEMORY`, `NODE_FAIL`, `CANCELLED`, ….
    pub state: String,
    /// `code:signal`.
    pub exit: String,
}

/// The final states of a job.
const FINAL_STATES: [&str; 10] = [
    "BOOT_FAIL",
    "CANCELLED",
    "COMPLETED",
    "DEADLINE",
    "FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "PREEMPTED",
    "REVOKED",
    "TIMEOUT",
];

/// The ended tasks of the job array `array` that Slurm remembers: all with accounting, without it those
/// of the last minutes.
///
/// # Errors
/// Slurm gives no answer.
pub fn ended_tasks(array: u64) -> Result<Vec<EndedTask>, SlurmError> {
    let number = array.to_string();
    let columns = "--format=JobID%40,State%30,ExitCode";
    let flags = ["--noheader", "--parsable2", "--allocations", columns, "--jobs", &number];
    if let Ok(answer) = run("sacct", &flags) {
        let found: Vec<EndedTask> = answer.lines().filter_map(parse_sacct).collect();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let answer = query_jobs("scontrol", &["--oneliner", "show", "job", &number])?;
    Ok(answer.unwrap_or_default().lines().filter_map(parse_scontrol).collect())
}

/// A line of `sacct`: `12_7|CANCELLED by 0|0:15`.
fn parse_sacct(line: &str) -> Option<EndedTask> {
    let mut cells = line.trim().split('|');
    let (_, index) = cells.next()?.split_once('_')?;
    // "CANCELLED by UID"
    let state = cells.next()?.split_whitespace().next()?;
    ended_task(index, state, cells.next()?)
}

/// A line of `scontrol show job`.
fn parse_scontrol(line: &str) -> Option<EndedTask> {
    ended_task(field(line, "ArrayTaskId")?, field(line, "JobState")?, field(line, "ExitCode")?)
}

fn ended_task(index: &str, state: &str, exit: &str) -> Option<EndedTask> {
    // A range of indices stands for tasks that have not begun.
    let index = index.parse().ok()?;
    let has_ended = FINAL_STATES.contains(&state);
    has_ended.then(|| EndedTask { index, state: state.to_owned(), exit: exit.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sacct_and_scontrol_agree() {
        let wanted = EndedTask { index: 7, state: "CANCELLED".to_owned(), exit: "0:15".to_owned() };
        assert_eq!(parse_sacct("12_7|CANCELLED by 1000|0:15"), Some(wanted.clone()));
        let line = "JobId=19 ArrayJobId=12 ArrayTaskId=7 JobState=CANCELLED ExitCode=0:15 A=(null)";
        assert_eq!(parse_scontrol(line), Some(wanted));
    }

    #[test]
    fn what_has_not_ended_has_no_end() {
        assert_eq!(parse_sacct("12_[3-9%2]|PENDING|0:0"), None);
        assert_eq!(parse_sacct("12_3|RUNNING|0:0"), None);
        assert_eq!(
            parse_scontrol("JobId=12 ArrayTaskId=3-9%2 JobState=CANCELLED ExitCode=0:0"),
            None
        );
    }
}
