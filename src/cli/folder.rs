//! A results folder, as an argument.

use std::path::PathBuf;

use clap::Args;

use super::exit::UsageError;

/// An existing results folder.
#[derive(Debug, Args)]
pub struct Folder {
    /// Results folder of a sweep, for example results/quick
    results: PathBuf,
}

impl Folder {
    /// The path, if `file` is in it.
    pub fn with(&self, file: &str) -> Result<&PathBuf, UsageError> {
        if self.results.join(file).exists() {
            return Ok(&self.results);
        }
        let folder = self.results.display();
        Err(UsageError(format!("{folder} is not the results folder of a sweep: it has no {file}")))
    }
}
