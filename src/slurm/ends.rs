//! How the elements of a job array ended.

use serde::{Deserialize, Serialize};

use super::command::{SlurmError, about_jobs, run};
use super::queue::field;

/// The end of one element of an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub index: usize,
    /// Slurm's word: `COMPLETED`, `FAILED`, `TIMEOUT`, `OUT_OF_MEMORY`, `NODE_FAIL`, `CANCELLED`, ….
    pub state: String,
    /// `code:signal`.
    pub exit: String,
}

/// The states that a job ends in.
const ENDS: [&str; 10] = [
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

/// The ends that Slurm remembers: all of them with accounting, those of the last minutes without.
///
/// # Errors
/// Slurm cannot be asked.
pub fn ends(array: u64) -> Result<Vec<End>, SlurmError> {
    let number = array.to_string();
    let columns = "--format=JobID%40,State%30,ExitCode";
    let flags = ["--noheader", "--parsable2", "--allocations", columns, "--jobs", &number];
    if let Ok(answer) = run("sacct", &flags) {
        let found: Vec<End> = answer.lines().filter_map(accounted).collect();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let answer = about_jobs("scontrol", &["--oneliner", "show", "job", &number])?;
    Ok(answer.unwrap_or_default().lines().filter_map(remembered).collect())
}

/// A line of `sacct`: `12_7|CANCELLED by 0|0:15`.
fn accounted(line: &str) -> Option<End> {
    let mut cells = line.trim().split('|');
    let (_, index) = cells.next()?.split_once('_')?;
    // "CANCELLED by UID"
    let state = cells.next()?.split_whitespace().next()?;
    end(index, state, cells.next()?)
}

/// A line of `scontrol show job`.
fn remembered(line: &str) -> Option<End> {
    end(field(line, "ArrayTaskId")?, field(line, "JobState")?, field(line, "ExitCode")?)
}

fn end(index: &str, state: &str, exit: &str) -> Option<End> {
    // A range of indices has not begun.
    let index = index.parse().ok()?;
    let known = ENDS.contains(&state);
    known.then(|| End { index, state: state.to_owned(), exit: exit.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sources_tell_the_same() {
        let wanted = End { index: 7, state: "CANCELLED".to_owned(), exit: "0:15".to_owned() };
        assert_eq!(accounted("12_7|CANCELLED by 1000|0:15"), Some(wanted.clone()));
        let line = "JobId=19 ArrayJobId=12 ArrayTaskId=7 JobState=CANCELLED ExitCode=0:15 A=(null)";
        assert_eq!(remembered(line), Some(wanted));
    }

    #[test]
    fn what_has_not_ended_has_no_end() {
        assert_eq!(accounted("12_[3-9%2]|PENDING|0:0"), None);
        assert_eq!(accounted("12_3|RUNNING|0:0"), None);
        assert_eq!(remembered("JobId=12 ArrayTaskId=3-9%2 JobState=CANCELLED ExitCode=0:0"), None);
    }
}
