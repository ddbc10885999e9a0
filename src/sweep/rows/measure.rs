//! Measures the runs of a row once they no longer need the device.

use std::sync::Mutex;
use std::sync::mpsc::Receiver;

use crate::config::RunSpec;
use crate::store::{Claim, RunId};
use crate::sweep::pool::{WorkerPool, catch_panic, lock};
use crate::sweep::run::{RunEnd, RunError, TrainedRun};

/// A run that needs no more training, claimed until its record is written.
pub struct UnmeasuredRun<'a> {
    pub spec: &'a RunSpec,
    pub id: RunId,
    pub claim: Claim,
    /// `None` if it has a record, which may lack measurements that are requested today.
    pub trained: Option<Box<TrainedRun>>,
}

/// Measures the runs of `queue` until all senders are gone. After an interrupt the remaining runs are
/// left for later: they were saved after their training and will not be trained again.
pub fn measure_all<'a>(
    pool: &WorkerPool<'a>,
    worker: usize,
    queue: &Mutex<Receiver<UnmeasuredRun<'a>>>,
) {
    loop {
        // The lock is released before the measurement begins.
        let Ok(run) = lock(queue).recv() else { return };
        if pool.context.interrupt.is_raised() {
            pool.add_interrupted(0);
            continue;
        }
        let (spec, id) = (run.spec, run.id.clone());
        let end = catch_panic(|| measure(pool, worker, run));
        pool.add_end(worker, spec, id, end);
    }
}

fn measure(
    pool: &WorkerPool<'_>,
    worker: usize,
    run: UnmeasuredRun<'_>,
) -> Result<RunEnd, RunError> {
    let UnmeasuredRun { spec, id, claim, trained } = run;
    let context = pool.context.of_run(worker, spec, &id, &claim);
    match trained {
        Some(trained) => Ok(RunEnd::Finished(Box::new(context.finish(*trained)?))),
        None => context.execute(),
    }
}
