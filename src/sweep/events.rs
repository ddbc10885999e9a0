//! Events of a sweep, for a progress display.

use std::path::Path;

use crate::config::RunSpec;
use crate::record::{Record, Run};
use crate::store::RunId;
use crate::train::Progress;

/// Something that happened, on one worker.
#[derive(Debug)]
pub enum Event<'a> {
    /// The sweep begins; `finished` of its runs were finished earlier. `row_device` names the device on
    /// which worker 0 trains many runs at once, if there is one.
    Planned { runs: &'a [Run], finished: usize, workers: usize, row_device: Option<&'a str> },
    /// A run begins.
    Started { worker: usize, spec: &'a RunSpec },
    /// A run is being trained; reported every few milliseconds.
    Training { worker: usize, spec: &'a RunSpec, progress: &'a Progress },
    /// Runs of one batch size are being trained together; they have made between `epochs.0` and
    /// `epochs.1` epochs.
    TrainingRow { worker: usize, batch_size: usize, runs: usize, epochs: (u64, u64) },
    /// The minimum of a run is being measured.
    Analysing { worker: usize, spec: &'a RunSpec },
    /// A run is finished and on disk, `earlier` by another sweep.
    Finished { record: &'a Record, earlier: bool },
    /// A run failed; the others go on.
    Failed { worker: usize, spec: &'a RunSpec, id: &'a RunId, reason: &'a str },
    /// A damaged checkpoint was renamed to `to`; the run starts from its initial point.
    CheckpointSetAside { spec: &'a RunSpec, to: &'a Path, fault: &'a str },
    /// A message to the user.
    Note { text: &'a str },
    /// Another process is working on a run.
    ClaimedByOther { worker: usize, spec: &'a RunSpec },
}

/// Receives events, from every worker's thread.
pub trait Reporter: Sync {
    /// Handles `event`.
    fn report(&self, event: &Event<'_>);
}

/// Ignores all events.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn report(&self, _: &Event<'_>) {}
}
