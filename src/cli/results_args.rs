//! The argument that names an existing results folder.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Args;
use etastar::record::{status, update_summary};
use etastar::store::Store;

use super::exit::UsageError;
use super::output_options::OutputOptions;

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

    /// The path of the folder, whose summary.csv has every finished run: an interrupted sweep and the
    /// tasks of a job array leave none or an old one. Another folder is left as it is.
    ///
    /// # Errors
    /// There is no such folder, or a damaged file in it.
    pub fn gathered(&self, output: OutputOptions) -> anyhow::Result<&PathBuf> {
        let folder = self.results.display();
        if !self.results.is_dir() {
            return Err(UsageError(format!(
                "{folder} is not the results folder of a sweep: it is not a folder"
            ))
            .into());
        }
        if self.results.join("plan.json").exists() {
            let store = Store::open(&self.results);
            let status = status(&store, &HashMap::new())?;
            // Another user's folder may be read-only.
            if let Err(error) = update_summary(&store, &status) {
                output.note(&format!("summary.csv is not up to date: {error}"));
            }
            if status.finished() == 0 {
                return Err(UsageError(format!("no run of {folder} is finished")).into());
            }
        }
        Ok(&self.results)
    }

    /// The path of the folder, whose summary.csv exists and has every finished run.
    ///
    /// # Errors
    /// The folder is not that of a sweep, or none of its runs is finished.
    pub fn with_summary(&self, output: OutputOptions) -> anyhow::Result<&PathBuf> {
        self.gathered(output)?;
        Ok(self.folder_with("summary.csv")?)
    }
}
