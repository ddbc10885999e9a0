//! Requeues a task that ran out of time, as long as it makes progress.

use crate::slurm::{self, Job};
use crate::sweep::{Interrupt, Outcome};

/// Whether a task that ended was requeued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requeue {
    /// It did not run out of time, or has no unfinished runs.
    NotNeeded,
    /// Slurm will start it again.
    Done,
    /// It makes no progress, was requeued too often, or Slurm refused; with the reason.
    Refused(String),
}

/// Requeues this process's own job if it has unfinished runs because its time was up; `most` times at
/// most.
///
/// A start that saved nothing is not repeated, since the next one would not either: the time limit is
/// shorter than the time of a run between two checkpoints.
pub fn requeue(outcome: &Outcome, interrupt: &Interrupt, most: u64) -> Requeue {
    if !(interrupt.time_is_up() && outcome.interrupted) {
        return Requeue::NotNeeded;
    }
    let Some(job) = Job::current() else {
        return Requeue::Refused("this is not a Slurm job".to_owned());
    };
    if !outcome.advanced {
        let reason = "it saved no progress within its time limit; raise slurm.time";
        return Requeue::Refused(reason.to_owned());
    }
    if job.restarts >= most {
        let reason =
            format!("it was requeued {} times already; raise slurm.requeues", job.restarts);
        return Requeue::Refused(reason);
    }
    match slurm::requeue(&job) {
        Ok(()) => Requeue::Done,
        Err(error) => Requeue::Refused(error.to_string()),
    }
}
