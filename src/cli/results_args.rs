//! The argument that names an existing results folder.

use std::path::PathBuf;

use clap::Args;

use super::exit::UsageError;

/// An existing results folder.
#[derive(Debug, Args)]
pub struct ResultsArgs {
    /// Results folder of a sweep, for example results/quick
    results: PathBuf,
}

impl ResultsArgs {
    /// The path of the folder.
    ///
    /// # Errors
    /// `file` is not in it.
    pub fn folder_with(&self, file: &str) -> Result<&PathBuf, UsageError> {
        if self.results.join(file).exists() {
            return Ok(&self.results);
        }
        let folder = self.results.display();
        Err(UsageError(format!("{folder} is not the results folder of a sweep: it has no {file}")))
    }
}
