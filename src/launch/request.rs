//! A sweep to be submitted.

use std::path::{Path, PathBuf};

use crate::config::SlurmConfig;
use crate::record::RunPlan;

/// A sweep to be submitted.
#[derive(Debug, Clone)]
pub struct SubmissionRequest<'a> {
    pub plan: &'a RunPlan,
    pub slurm: &'a SlurmConfig,
    /// Path of the configuration file.
    pub config: &'a Path,
    /// Values of `--set`.
    pub overrides: &'a [String],
    /// Path of this program.
    pub program: PathBuf,
    /// Working directory, to which paths in the configuration are relative.
    pub directory: PathBuf,
}
