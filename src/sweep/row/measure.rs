//! What is left to do of a run once it needs the device no longer.

use std::sync::Mutex;
use std::sync::mpsc::Receiver;

use super::super::claim::Claim;
use super::super::identity::RunId;
use super::super::job::{End, JobError, Trained};
use super::super::pool::{Pool, caught, locked};
use crate::config::RunSpec;

/// A run, claimed until its record is written.
pub enum Work<'a> {
    /// It had a record before; perhaps other measurements are wanted today.
    Known { spec: &'a RunSpec, claim: Claim },
    /// It has just been trained.
    Trained { spec: &'a RunSpec, id: RunId, claim: Claim, trained: Box<Trained> },
}

/// Takes what comes until nothing more can come. An interruption leaves the rest to another time:
/// what was trained is saved and will not be trained again.
pub fn all(pool: &Pool<'_>, worker: usize, queue: &Mutex<Receiver<Work<'_>>>) {
    loop {
        // The lock is released before the work begins.
        let Ok(work) = locked(queue).recv() else { return };
        if pool.interrupt.raised() {
            pool.interrupted(0);
            continue;
        }
        let (Work::Known { spec, .. } | Work::Trained { spec, .. }) = work;
        match caught(|| finish(pool, worker, work)) {
            Ok(End::Found(record)) => pool.finished(*record, true),
            Ok(End::Made(record)) => pool.finished(*record, false),
            Ok(End::Interrupted { steps }) => pool.interrupted(steps),
            Ok(End::Elsewhere) => pool.interrupted(0),
            Err(reason) => pool.failed(worker, spec, reason),
        }
    }
}

fn finish(pool: &Pool<'_>, worker: usize, work: Work<'_>) -> Result<End, JobError> {
    match work {
        Work::Known { spec, claim } => pool.job(worker, spec, &claim).run(),
        Work::Trained { spec, id, claim, trained } => {
            Ok(End::Made(Box::new(pool.job(worker, spec, &claim).conclude(&id, *trained)?)))
        }
    }
}
