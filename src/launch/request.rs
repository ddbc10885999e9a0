//! A sweep to be submitted.

use std::path::{Path, PathBuf};

use crate::config::{RunSpec, SlurmConfig};

/// A sweep to be submitted.
#[derive(Debug, Clone)]
pub struct SubmissionRequest<'a> {
    pub specs: &'a [RunSpec],
    pub data_digest: &'a str,
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
