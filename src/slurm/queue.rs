//! What waits and what runs.

use super::command::{SlurmError, about_jobs};
use super::job::Job;

/// One element of a job array in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The array's number.
    pub array: u64,
    /// Its place in the array.
    pub index: usize,
    /// Slurm's word: `PENDING`, `RUNNING`, ….
    pub state: String,
    /// Slurm's word for why it waits: `Priority`, `Resources`, `BeginTime`, ….
    pub reason: String,
}

/// States in which a job's processes may exist.
const AT_WORK: [&str; 8] = [
    "RUNNING",
    "COMPLETING",
    "CONFIGURING",
    "SUSPENDED",
    "STOPPED",
    "SIGNALING",
    "STAGE_OUT",
    "RESIZING",
];

impl Element {
    /// Whether it has processes.
    pub fn is_at_work(&self) -> bool {
        AT_WORK.contains(&self.state.as_str())
    }
}

/// The elements of the job arrays `arrays` that wait or run; those that ended are not in the queue.
///
/// # Errors
/// Slurm cannot be asked.
pub fn queue(arrays: &[u64]) -> Result<Vec<Element>, SlurmError> {
    if arrays.is_empty() {
        return Ok(Vec::new());
    }
    let list = arrays.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    let answer =
        about_jobs("squeue", &["--noheader", "--array", "--format=%F|%K|%T|%r", "--jobs", &list])?;
    Ok(answer.unwrap_or_default().lines().filter_map(element).collect())
}

fn element(line: &str) -> Option<Element> {
    let mut cells = line.trim().split('|');
    Some(Element {
        array: cells.next()?.parse().ok()?,
        index: cells.next()?.parse().ok()?,
        state: cells.next()?.to_owned(),
        reason: cells.next()?.to_owned(),
    })
}

/// Whether the very start of the job that `job` describes may still have processes.
///
/// # Errors
/// Slurm cannot be asked.
pub fn is_at_work(job: &Job) -> Result<bool, SlurmError> {
    let number = job.number.to_string();
    let answer = about_jobs("scontrol", &["--oneliner", "show", "job", &number])?;
    Ok(answer.unwrap_or_default().lines().any(|line| matches(job, line)))
}

fn matches(job: &Job, line: &str) -> bool {
    let number = |name| field(line, name).and_then(|value| value.parse::<u64>().ok());
    // The number of an array's last element is the array's, and then all elements are listed.
    number("JobId") == Some(job.number)
        && number("Restarts") == Some(job.restarts)
        && field(line, "JobState").is_some_and(|state| AT_WORK.contains(&state))
}

/// The value of `name` in a line of `scontrol --oneliner`.
pub fn field<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNNING: &str = "JobId=3 ArrayJobId=1 ArrayTaskId=0 JobName=j.sh UserId=root(0) \
        JobState=RUNNING Reason=None Dependency=(null) Requeue=1 Restarts=0 ExitCode=0:0";

    #[test]
    fn a_later_start_of_a_job_is_another_one() {
        let job = |number, restarts| Job {
            cluster: "c".to_owned(),
            number,
            restarts,
            name: "1_0".to_owned(),
        };
        assert!(matches(&job(3, 0), RUNNING));
        assert!(!matches(&job(3, 0), &RUNNING.replace("Restarts=0", "Restarts=1")));
        assert!(!matches(&job(1, 0), RUNNING));
        assert!(!matches(&job(3, 0), &RUNNING.replace("RUNNING", "PENDING")));
    }

    #[test]
    fn a_line_of_squeue_is_an_element() {
        let found = element("12|7|PENDING|JobArrayTaskLimit").unwrap();
        assert_eq!((found.array, found.index, found.is_at_work()), (12, 7, false));
        assert_eq!(element("13|N/A|PENDING|Dependency"), None);
    }
}
