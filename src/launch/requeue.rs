//! A task that ran out of time goes back into the queue, as long as that leads anywhere.

use crate::slurm::{self, Job};
use crate::sweep::{Interrupt, Outcome};

/// What a task that ended did about its time limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requeue {
    /// It did not run out of time, or nothing is left.
    NotNeeded,
    /// Slurm will start it again.
    Done,
    /// It is not worth it, or Slurm refused.
    Refused(String),
}

/// Puts this process's own job back into the queue if it left runs because its time was up.
///
/// A start that got nothing onto the disk would be repeated for ever, so it is not: then the time
/// limit is shorter than what a run needs between two states that can be saved.
pub fn requeue(outcome: &Outcome, interrupt: &Interrupt, most: u64) -> Requeue {
    if !(interrupt.time_is_up() && outcome.interrupted) {
        return Requeue::NotNeeded;
    }
    let Some(job) = Job::current() else {
        return Requeue::Refused("this is not a Slurm job".to_owned());
    };
    if !outcome.advanced {
        let reason = "it got nothing done within its time limit; raise slurm.time";
        return Requeue::Refused(reason.to_owned());
    }
    if job.restarts >= most {
        let reason =
            format!("it was put back {} times already; raise slurm.requeues", job.restarts);
        return Requeue::Refused(reason);
    }
    match slurm::requeue(&job) {
        Ok(()) => Requeue::Done,
        Err(error) => Requeue::Refused(error.to_string()),
    }
}
