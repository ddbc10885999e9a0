//! Jobs that wait or run.

use std::path::{Path, PathBuf};

use super::command::{SlurmError, query_jobs, run};
use super::job::Job;

/// A task of a job array that waits or runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedTask {
    /// The array's number.
    pub array: u64,
    /// Its index in the array.
    pub index: usize,
    /// Slurm's name of the state: `PENDING`, `RUNNING`, ….
    pub state: String,
    /// Slurm's name of the reason why it waits: `Priority`, `Resources`, `BeginTime`, ….
    pub reason: String,
}

/// States in which processes of a job may exist.
const ACTIVE_STATES: [&str; 8] = [
    "RUNNING",
    "COMPLETING",
    "CONFIGURING",
    "SUSPENDED",
    "STOPPED",
    "SIGNALING",
    "STAGE_OUT",
    "RESIZING",
];

impl QueuedTask {
    /// Whether its processes may exist.
    pub fn is_active(&self) -> bool {
        ACTIVE_STATES.contains(&self.state.as_str())
    }
}

/// The tasks of the job arrays `arrays` that wait or run.
///
/// # Errors
/// Slurm gives no answer.
pub fn queued_tasks(arrays: &[u64]) -> Result<Vec<QueuedTask>, SlurmError> {
    if arrays.is_empty() {
        return Ok(Vec::new());
    }
    let list = arrays.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    let answer =
        query_jobs("squeue", &["--noheader", "--array", "--format=%F|%K|%T|%r", "--jobs", &list])?;
    Ok(answer.unwrap_or_default().lines().filter_map(parse_squeue).collect())
}

fn parse_squeue(line: &str) -> Option<QueuedTask> {
    let mut cells = line.trim().split('|');
    Some(QueuedTask {
        array: cells.next()?.parse().ok()?,
        index: cells.next()?.parse().ok()?,
        state: cells.next()?.to_owned(),
        reason: cells.next()?.to_owned(),
    })
}

/// A batch job of this user that waits or runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedScript {
    /// Its number, for a task of an array that of the array.
    pub number: u64,
    /// Path of its script.
    pub script: PathBuf,
}

impl QueuedScript {
    /// Whether its script is the file `path`, which other folders or links may lead to.
    pub fn is(&self, path: &Path) -> bool {
        let real = |path: &Path| path.canonicalize().ok();
        self.script == path || real(path).is_some_and(|file| real(&self.script) == Some(file))
    }
}

/// The batch jobs of this user that wait or run.
///
/// # Errors
/// Slurm gives no answer.
pub fn queued_scripts() -> Result<Vec<QueuedScript>, SlurmError> {
    let answer = run("squeue", &["--noheader", "--me", "--format=%F|%o"])?;
    Ok(answer.lines().filter_map(parse_script).collect())
}

fn parse_script(line: &str) -> Option<QueuedScript> {
    let (number, script) = line.split_once('|')?;
    Some(QueuedScript { number: number.trim().parse().ok()?, script: PathBuf::from(script) })
}

/// What Slurm does with a job whose processes it has sent SIGTERM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eviction {
    /// It is already back in the queue.
    Requeued,
    /// It was preempted by another job and ends here, unless it is put back into the queue.
    Preempted,
    /// It was cancelled or ends for another reason.
    Other,
}

/// What Slurm does with this start of `job`.
///
/// # Errors
/// Slurm gives no answer.
pub fn eviction(job: &Job) -> Result<Eviction, SlurmError> {
    let number = job.number.to_string();
    let answer = query_jobs("scontrol", &["--oneliner", "show", "job", &number])?;
    let answer = answer.unwrap_or_default();
    let own = answer.lines().find(|line| field(line, "JobId") == Some(&number));
    Ok(own.map_or(Eviction::Other, |line| parse_eviction(job, line)))
}

fn parse_eviction(job: &Job, line: &str) -> Eviction {
    let restarts = field(line, "Restarts").and_then(|number| number.parse::<u64>().ok());
    let preemption = field(line, "PreemptTime");
    let is_preempted = preemption.is_some_and(|time| time != "None" && time != "(null)")
        || field(line, "JobState").is_some_and(|state| state.contains("PREEMPTED"));
    if restarts.is_some_and(|restarts| restarts > job.restarts) {
        Eviction::Requeued
    } else if is_preempted {
        Eviction::Preempted
    } else {
        Eviction::Other
    }
}

/// Whether this start of `job` may still have processes; a later start of it does not count.
///
/// # Errors
/// Slurm gives no answer.
pub fn is_active(job: &Job) -> Result<bool, SlurmError> {
    let number = job.number.to_string();
    let answer = query_jobs("scontrol", &["--oneliner", "show", "job", &number])?;
    Ok(answer.unwrap_or_default().lines().any(|line| matches(job, line)))
}

fn matches(job: &Job, line: &str) -> bool {
    let number = |name| field(line, name).and_then(|value| value.parse::<u64>().ok());
    // The last task of an array has the number of the array, for which Slurm lists all tasks.
    number("JobId") == Some(job.number)
        && number("Restarts") == Some(job.restarts)
        && field(line, "JobState").is_some_and(|state| ACTIVE_STATES.contains(&state))
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
    fn preemption_is_told_from_cancellation() {
        let job = Job { cluster: "c".to_owned(), number: 3, restarts: 0, name: "1_0".to_owned() };
        // Slurm 22.05, of jobs that were preempted with PreemptMode CANCEL and REQUEUE and cancelled.
        let line = |restarts: u32, time: &str| {
            format!(
                "JobId=3 JobState=COMPLETING Reason=None Requeue=1 Restarts={restarts} \
                 PreemptEligibleTime=2026-11-28T09:22:18 PreemptTime={time}"
            )
        };
        let preempted = line(0, "2026-11-28T09:22:22");
        assert_eq!(parse_eviction(&job, &preempted), Eviction::Preempted);
        assert_eq!(parse_eviction(&job, &line(1, "None")), Eviction::Requeued);
        assert_eq!(parse_eviction(&job, &line(0, "None")), Eviction::Other);
        let state = line(0, "None").replace("COMPLETING", "PREEMPTED");
        assert_eq!(parse_eviction(&job, &state), Eviction::Preempted);
    }

    #[test]
    fn a_script_keeps_the_characters_of_its_path() {
        let found = parse_script("12|/a b/x|y/slurm/1/array.sh").unwrap();
        assert_eq!((found.number, found.is(Path::new("/a b/x|y/slurm/1/array.sh"))), (12, true));
        assert!(!found.is(Path::new("/a b/slurm/1/array.sh")));
        assert_eq!(parse_script("CLUSTER: c"), None);
    }

    #[test]
    fn a_line_of_squeue_is_a_task() {
        let found = parse_squeue("12|7|PENDING|JobArrayTaskLimit").unwrap();
        assert_eq!((found.array, found.index, found.is_active()), (12, 7, false));
        assert_eq!(parse_squeue("13|N/A|PENDING|Dependency"), None);
    }
}
