//! Puts a task back into the queue that ran out of time or was preempted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::slurm::{self, Eviction, Job};
use crate::sweep::{Interrupt, Outcome};

/// Whether a task that ended starts again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requeue {
    /// It did not run out of time and was not preempted, or has no unfinished runs.
    NotNeeded,
    /// Slurm will start it again.
    Done,
    /// It makes no progress, was requeued too often, or Slurm refused; with the reason.
    Refused(String),
}

/// Does `work`, and requeues this process's own job at once if it is preempted by another job meanwhile:
/// Slurm ends the process some time after SIGTERM, and a minimum that is being measured cannot be saved
/// half-way. A job that was cancelled stays so. Returns what became of the job, if SIGTERM came.
///
/// `announce` gets what is about to happen, before Slurm is asked to requeue the job: it may end this
/// process as soon as it is.
pub fn watch_for_preemption<T>(
    interrupt: &Interrupt,
    announce: &(dyn Fn(&str) + Sync),
    work: impl FnOnce() -> T,
) -> (T, Requeue) {
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            loop {
                if interrupt.is_terminated() {
                    return requeue_if_preempted(announce);
                }
                if is_done.load(Ordering::Relaxed) {
                    return Requeue::NotNeeded;
                }
                std::thread::sleep(POLL_INTERVAL);
            }
        });
        let result = {
            // After a panic, too.
            let _done = SetOnDrop(&is_done);
            work()
        };
        (result, watch.join().unwrap_or(Requeue::NotNeeded))
    })
}

/// Interval between checks whether SIGTERM came.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Requeues this process's own job if another job preempts it.
fn requeue_if_preempted(announce: &(dyn Fn(&str) + Sync)) -> Requeue {
    let Some(job) = Job::current() else { return Requeue::NotNeeded };
    match slurm::eviction(&job) {
        Ok(Eviction::Requeued) => {
            announce("the task was preempted; Slurm puts it back into the queue");
            Requeue::Done
        }
        Ok(Eviction::Preempted) => {
            announce("the task was preempted; it asks Slurm to go back into the queue");
            ask_slurm(&job)
        }
        Ok(Eviction::Other) => Requeue::NotNeeded,
        Err(error) => {
            tracing::warn!("{error}");
            Requeue::NotNeeded
        }
    }
}

/// Requeues this process's own job if it has unfinished runs because its time was up, `most` times at
/// most.
///
/// A start that saved nothing is not repeated, since the next one would not either: the time limit is
/// shorter than the time of a run between two checkpoints.
pub fn requeue_at_time_limit(
    outcome: &Outcome,
    interrupt: &Interrupt,
    most: u64,
    announce: &(dyn Fn(&str) + Sync),
) -> Requeue {
    if !(outcome.interrupted && interrupt.time_is_up()) {
        return Requeue::NotNeeded;
    }
    let Some(job) = Job::current() else {
        return Requeue::Refused("this is not a Slurm job".to_owned());
    };
    // A cluster may announce a preemption by the signal for the time limit.
    let preempted = requeue_if_preempted(announce);
    if preempted != Requeue::NotNeeded {
        return preempted;
    }
    if let Some(reason) = reason_to_end(outcome, &job, most) {
        return Requeue::Refused(reason);
    }
    announce("the time limit is reached; the task asks Slurm to go back into the queue");
    ask_slurm(&job)
}

/// Why a task that ran out of time does not start again.
fn reason_to_end(outcome: &Outcome, job: &Job, most: u64) -> Option<String> {
    if !outcome.advanced {
        return Some("it saved no progress within its time limit; raise slurm.time".to_owned());
    }
    if job.restarts < most {
        return None;
    }
    let times = match job.restarts {
        0 => return Some("slurm.requeues is 0".to_owned()),
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    Some(format!("it was requeued {times} already; raise slurm.requeues"))
}

fn ask_slurm(job: &Job) -> Requeue {
    match slurm::requeue(job) {
        Ok(()) => Requeue::Done,
        Err(error) => Requeue::Refused(error.to_string()),
    }
}
