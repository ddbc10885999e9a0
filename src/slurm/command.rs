//! Runs one of Slurm's commands.

use std::io::{Read, Seek};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::environment;

/// A Slurm command that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum SlurmError {
    /// The command is not installed.
    #[error("cannot start Slurm's {program}: {source}")]
    Start { program: &'static str, source: std::io::Error },
    /// The command failed.
    #[error("Slurm's {program} says: {}", plain(.message))]
    Refused { program: &'static str, message: String },
    /// The controller is down or busy.
    #[error(
        "Slurm's {program} gave no answer within {} s{}", TIMEOUT.as_secs(), said(.message)
    )]
    Timeout { program: &'static str, message: String },
    /// The answer does not have the expected format.
    #[error(
        "Slurm's {program} gave an answer that is not understood: {answer:?}{}", said(.message)
    )]
    UnexpectedAnswer { program: &'static str, answer: String, message: String },
}

/// What a command wrote to standard error, if anything.
fn said(message: &str) -> String {
    let message = plain(message);
    if message.is_empty() { String::new() } else { format!("; it says: {message}") }
}

/// The lines of standard error as one, without the `sbatch: error: ` in front of each.
fn plain(message: &str) -> String {
    let without_prefix = |line| match str::split_once(line, ": error: ") {
        Some((program, rest)) if !program.contains(' ') => rest,
        _ => line,
    };
    let lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(without_prefix).collect::<Vec<_>>().join("; ")
}

impl SlurmError {
    /// Whether a limit on the number of jobs or tasks in the queue stands against a submission.
    pub fn is_queue_limit(&self) -> bool {
        let (Self::Refused { message, .. }
        | Self::Timeout { message, .. }
        | Self::UnexpectedAnswer { message, .. }) = self
        else {
            return false;
        };
        is_queue_limit(message)
    }
}

/// Whether `sbatch` names a limit on the number of jobs or tasks.
///
/// The limits of accounts and of the quality of service are named like `QOSMaxSubmitJobPerUserLimit`. For
/// each of them, and also for limits on time and size, `sbatch` adds one and the same sentence. With
/// `MaxJobCount` jobs in the queue it tries again and again.
fn is_queue_limit(message: &str) -> bool {
    let words = message.split(|c: char| !c.is_alphanumeric());
    let mut limits = words.filter(|word| word.ends_with("Limit")).peekable();
    if limits.peek().is_some() {
        return limits.any(|limit| limit.contains("Submit"));
    }
    ["job submit limit", "unable to accept job", "Invalid job array specification"]
        .iter()
        .any(|sentence| message.contains(sentence))
}

/// The output of a command that succeeded.
#[derive(Debug)]
pub struct Answer {
    pub text: String,
    /// What it wrote to standard error.
    pub message: String,
}

/// Longest wait for an answer: while the controller is down, Slurm's commands retry for long.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Interval between checks whether a command has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Runs `program`; returns its standard output.
///
/// # Errors
/// It is missing, fails or gives no answer within [`TIMEOUT`].
pub fn run(program: &'static str, arguments: &[&str]) -> Result<String, SlurmError> {
    run_with_messages(program, arguments).map(|answer| answer.text)
}

/// Like [`run()`], with what the program wrote to standard error.
pub fn run_with_messages(program: &'static str, arguments: &[&str]) -> Result<Answer, SlurmError> {
    let start = |source| SlurmError::Start { program, source };
    // Files, because a pipe that is not read blocks a program with a long answer.
    let mut out = tempfile::tempfile().map_err(start)?;
    let mut err = tempfile::tempfile().map_err(start)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    environment::clear(&mut command);
    command.stdout(out.try_clone().map_err(start)?).stderr(err.try_clone().map_err(start)?);
    let ended = wait(&mut command).map_err(start)?;
    let message = content(&mut err).map_err(start)?;
    match ended {
        None => Err(SlurmError::Timeout { program, message }),
        Some(status) if !status.success() => Err(SlurmError::Refused { program, message }),
        Some(_) => Ok(Answer { text: content(&mut out).map_err(start)?, message }),
    }
}

/// Waits for the command; kills it and returns `None` after the timeout.
fn wait(command: &mut Command) -> std::io::Result<Option<ExitStatus>> {
    let mut child = command.spawn()?;
    let started = Instant::now();
    while started.elapsed() < TIMEOUT {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn content(file: &mut std::fs::File) -> std::io::Result<String> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs a command about jobs; `None` if Slurm does not know the job.
pub fn query_jobs(program: &'static str, arguments: &[&str]) -> Result<Option<String>, SlurmError> {
    match run(program, arguments) {
        Ok(answer) => Ok(Some(answer)),
        Err(SlurmError::Refused { message, .. }) if message.contains("Invalid job id") => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        let message =
            "sbatch: error: QOSMaxSubmitJobPerUserLimit\nsbatch: error: Batch job failed\n";
        assert_eq!(plain(message), "QOSMaxSubmitJobPerUserLimit; Batch job failed");
        assert_eq!(plain("no prefix: error: here\n"), "no prefix: error: here");
        assert_eq!(plain("\n"), "");
    }

    #[test]
    fn a_limit_of_the_queue_is_told_from_other_refusals() {
        let policy = "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy \
                      (job submit limit, user's size and/or time limits)";
        let with = |reason: &str| format!("sbatch: error: {reason}\n{policy}");
        for message in [
            with("QOSMaxSubmitJobPerUserLimit"),
            with("QOSGrpSubmitJobsLimit"),
            with("AssocMaxSubmitJobLimit"),
            with("AssocGrpSubmitJobsLimit"),
            policy.to_owned(),
            "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying"
                .to_owned(),
            "sbatch: error: Batch job submission failed: Invalid job array specification"
                .to_owned(),
        ] {
            assert!(is_queue_limit(&message), "{message}");
            let timeout = SlurmError::Timeout { program: "sbatch", message };
            assert!(
                timeout.is_queue_limit() && timeout.to_string().contains("it says"),
                "{timeout}"
            );
        }
        for message in [
            with("QOSMaxWallDurationPerJobLimit"),
            with("AssocMaxCpuPerJobLimit"),
            "sbatch: error: invalid partition specified: x".to_owned(),
            String::new(),
        ] {
            assert!(!is_queue_limit(&message), "{message}");
        }
    }
}
