//! Takes back what a launcher wrote, if Slurm refuses the submission.

use std::fs;
use std::path::{Path, PathBuf};

use super::submission::submissions;
use crate::store::{Store, StoreError, read_file, remove_file, write_file};

/// The plan of a results folder, and the folders on the way to it, before a submission.
pub struct Before {
    files: Vec<PlanFile>,
    /// Folders that did not exist, the innermost first.
    missing: Vec<PathBuf>,
}

/// A file of the plan.
struct PlanFile {
    path: PathBuf,
    /// `None` if it did not exist.
    before: Option<Vec<u8>>,
    /// What the launcher wrote.
    written: Option<Vec<u8>>,
}

/// Files of the plan, which [`crate::record::register`] writes.
const PLAN: [&str; 2] = ["experiment.json", "plan.json"];

impl Before {
    /// Notes the state of the results folder `root`.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn note(root: &Path) -> Result<Self, StoreError> {
        let read = |name: &&str| {
            let path = root.join(name);
            let before = read_file(&path)?;
            Ok(PlanFile { path, written: before.clone(), before })
        };
        let files = PLAN.iter().map(read).collect::<Result<_, StoreError>>()?;
        let runs = root.join("runs");
        let missing = runs.ancestors().take_while(|folder| !folder.exists());
        let missing = missing.filter(|folder| *folder != Path::new("")).map(PathBuf::from);
        Ok(Self { files, missing: missing.collect() })
    }

    /// Notes what the launcher has written.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn note_written(&mut self) -> Result<(), StoreError> {
        for file in &mut self.files {
            file.written = read_file(&file.path)?;
        }
        Ok(())
    }

    /// Restores the plan, if no other process has written it since, and removes the folders that hold
    /// nothing. Nothing is done while Slurm may have a submission that was not noted.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn restore(self, store: &Store) -> Result<(), StoreError> {
        if submissions(store)?.iter().any(|submission| submission.jobs.is_none()) {
            return Ok(());
        }
        for PlanFile { path, before, written } in &self.files {
            if before == written || read_file(path)? != *written {
                continue;
            }
            match before {
                Some(content) => write_file(path, content)?,
                None => remove_file(path)?,
            }
        }
        if self.missing.iter().any(|folder| folder == store.root()) {
            store.remove_claims_if_unused()?;
        }
        for folder in &self.missing {
            // A folder that holds something stays, and with it those around it.
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }
}
