//! Measures the runs of a row once they no longer need the device.

use std::sync::Mutex;
use std::sync::mpsc::Receiver;

use crate::record::Run;
use crate::store::Claim;
use crate::sweep::pool::{WorkerPool, catch_panic, lock};
use crate::sweep::run::{RunEnd, RunError, TrainedRun};

/// A run that needs no more training, claimed until its record is written.
pub struct UnmeasuredRun<'a> {
    pub run: &'a Run,
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
        let Ok(unmeasured) = lock(queue).recv() else { return };
        if pool.context.interrupt.is_raised() {
            pool.add_interrupted(0);
            continue;
        }
        let run = unmeasured.run;
        let end = catch_panic(|| measure(pool, worker, unmeasured));
        pool.add_end(worker, run, end);
    }
}

fn measure(
    pool: &WorkerPool<'_>,
    worker: usize,
    unmeasured: UnmeasuredRun<'_>,
) -> Result<RunEnd, RunError> {
    let UnmeasuredRun { run, claim, trained } = unmeasured;
    let context = pool.context.of_run(worker, run, &claim);
    match trained {
        Some(trained) => Ok(RunEnd::Finished(Box::new(context.finish(*trained)?))),
        None => context.execute(),
    }
}
