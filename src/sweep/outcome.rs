//! How a sweep ended.

use crate::record::Record;
use crate::store::RunId;

/// How a sweep ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Records of the finished runs, in no particular order.
    pub records: Vec<Record>,
    /// Runs that failed, with their reasons.
    pub failures: Vec<(RunId, String)>,
    /// Whether unfinished runs may remain because a run failed.
    pub stopped_at_failure: bool,
    /// Whether unfinished runs remain because of an interrupt.
    pub interrupted: bool,
    /// Whether there is more on disk than before: a run finished, or a later checkpoint.
    pub advanced: bool,
    /// Runs that a task left to the process that has claimed them.
    pub claimed_by_others: usize,
}
