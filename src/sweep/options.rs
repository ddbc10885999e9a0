//! How a sweep runs.

use std::time::Duration;

use crate::device::AnalysisBackend;

/// Settings of a sweep that its results do not depend on.
#[derive(Debug, Clone, Copy)]
pub struct SweepOptions {
    /// Runs at the same time; 0 is one per core.
    pub workers: usize,
    /// Interval between two checkpoints of a run.
    pub checkpoint_interval: Duration,
    /// Index of the backend's device.
    pub device: usize,
    /// Where the exact thresholds are iterated.
    pub analysis_backend: AnalysisBackend,
    /// Whether the CPU takes over from a GPU that fails: with `run.backend = "auto"`.
    pub falls_back: bool,
    /// Runs that the tensor engine trains at once; 0 chooses, 1 trains each alone.
    pub batched_runs: usize,
    /// Whether the sweep stops after the first run that fails.
    pub fail_fast: bool,
    /// Whether this is one task of a job array: it neither waits for runs that other processes have
    /// claimed nor writes the summary.
    pub task: bool,
}
