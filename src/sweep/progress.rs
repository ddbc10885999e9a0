//! What happens during a sweep, for whoever shows it.

use std::path::Path;

use super::identity::RunId;
use super::record::Record;
use crate::config::RunSpec;
use crate::train::Progress;

/// One thing that happened, on one worker.
#[derive(Debug)]
pub enum Event<'a> {
    /// The sweep begins with all its runs, some of them perhaps finished earlier; `in_rows` names
    /// the device on which many are trained at once, by worker 0.
    Planned { specs: &'a [RunSpec], finished: usize, workers: usize, in_rows: Option<&'a str> },
    /// A run begins.
    Started { worker: usize, spec: &'a RunSpec },
    /// A run goes on; comes every few milliseconds.
    Training { worker: usize, spec: &'a RunSpec, progress: &'a Progress },
    /// Runs of one batch size go on together, the slowest of them after `epochs.0` epochs.
    TrainingRow { worker: usize, batch_size: usize, runs: usize, epochs: (u64, u64) },
    /// Its minimum is being measured.
    Analysing { worker: usize, spec: &'a RunSpec },
    /// A run is finished and on disk; `found` if it was so before.
    Finished { record: &'a Record, found: bool },
    /// A run failed; the others go on.
    Failed { worker: usize, spec: &'a RunSpec, id: &'a RunId, reason: &'a str },
    /// A saved state could not be trusted and was renamed; the run begins anew.
    SetAside { spec: &'a RunSpec, to: &'a Path, fault: &'a str },
    /// How the sweep goes about its work.
    Note { text: &'a str },
    /// Another process is at work on a run.
    Elsewhere { worker: usize, spec: &'a RunSpec },
}

/// Shows events; called from every worker's thread.
pub trait Reporter: Sync {
    /// Takes note of `event`.
    fn report(&self, event: &Event<'_>);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn report(&self, _: &Event<'_>) {}
}
