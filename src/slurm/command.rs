//! Runs one of Slurm's commands.

use std::io::{Read, Seek};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A Slurm command that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum SlurmError {
    /// The command is not installed.
    #[error("cannot start Slurm's {program}: {source}")]
    Start { program: &'static str, source: std::io::Error },
    /// The command failed.
    #[error("Slurm's {program} says: {}", .message.trim())]
    Refused { program: &'static str, message: String },
    /// The controller is down or busy.
    #[error("Slurm's {program} gave no answer within {} s", TIMEOUT.as_secs())]
    Timeout { program: &'static str },
    /// The answer does not have the expected format.
    #[error("Slurm's {program} gave an answer that is not understood: {answer:?}")]
    UnexpectedAnswer { program: &'static str, answer: String },
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
    let start = |source| SlurmError::Start { program, source };
    // Files, because a pipe that is not read blocks a program with a long answer.
    let mut out = tempfile::tempfile().map_err(start)?;
    let mut err = tempfile::tempfile().map_err(start)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.stdout(out.try_clone().map_err(start)?).stderr(err.try_clone().map_err(start)?);
    let ended = wait(&mut command).map_err(start)?.ok_or(SlurmError::Timeout { program })?;
    if !ended.success() {
        return Err(SlurmError::Refused { program, message: content(&mut err).map_err(start)? });
    }
    content(&mut out).map_err(start)
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
