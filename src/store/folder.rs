//! The results folder and the folders of its runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::claim::{self, Claim};
use super::error::{StoreError, io_error};
use super::files::{read_json, remove_file, remove_leftovers};
use super::run_id::RunId;
use crate::input::explain_link;

/// An open results folder.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// Name of a run's claim.
const RUN_CLAIM: &str = "claim";
/// Name of the claim on the whole folder.
const FOLDER_CLAIM: &str = ".lock";
/// Interval between attempts to lock a folder that another process has locked.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

impl Store {
    /// Creates the folder if needed, and checks that it can be written to.
    ///
    /// # Errors
    /// The folder cannot be created or written.
    pub fn create(root: &Path) -> Result<Self, StoreError> {
        Self::open(root).refuse_foreign()?;
        let runs = root.join("runs");
        fs::create_dir_all(&runs)
            .map_err(|error| explain_link(&runs, error))
            .map_err(io_error("create the results folder", &runs))?;
        let store = Self { root: root.to_owned() };
        drop(store.lock()?);
        Ok(store)
    }

    /// Refuses a folder with the files of something else.
    ///
    /// # Errors
    /// It is that of an `etastar quadratic`, or has a `summary.csv` and nothing else of a sweep.
    pub fn refuse_foreign(&self) -> Result<(), StoreError> {
        self.refuse_quadratic()?;
        let has = |name: &str| self.root.join(name).exists();
        let is_ours = ["plan.json", "experiment.json", "runs"].into_iter().any(has);
        if has("summary.csv") && !is_ours {
            return Err(StoreError::Foreign { folder: self.root.clone() });
        }
        Ok(())
    }

    /// Refuses the folder of an `etastar quadratic`, whose `experiment.json` names its experiment.
    ///
    /// # Errors
    /// It is one, or its `experiment.json` is damaged.
    pub fn refuse_quadratic(&self) -> Result<(), StoreError> {
        let settings = read_json::<serde_json::Value>(&self.root.join("experiment.json"))?;
        match settings.is_some_and(|settings| settings.get("experiment").is_some()) {
            true => Err(StoreError::OfQuadratic { folder: self.root.clone() }),
            false => Ok(()),
        }
    }

    /// Opens a folder for reading; it need not exist.
    pub fn open(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Path of the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `runs/ID`.
    pub fn run_folder(&self, id: &RunId) -> PathBuf {
        self.root.join("runs").join(id.as_str())
    }

    /// Locks the files that all runs share; waits while another process has the lock.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn lock(&self) -> Result<Claim, StoreError> {
        loop {
            if let Some(claim) = Claim::take(&self.root, FOLDER_CLAIM)? {
                remove_leftovers(&self.root)?;
                return Ok(claim);
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// Removes the released claims of a folder that holds nothing else but an empty `runs`, so that it
    /// can be removed. No process may be about to lock it.
    ///
    /// # Errors
    /// The folder cannot be listed or written.
    pub fn remove_claims_if_unused(&self) -> Result<(), StoreError> {
        let list = |folder: &Path| -> Result<Vec<PathBuf>, StoreError> {
            let entries = fs::read_dir(folder).map_err(io_error("list", folder))?;
            let paths = entries.map(|entry| entry.map(|entry| entry.path()));
            paths.collect::<Result<_, _>>().map_err(io_error("list", folder))
        };
        let runs = self.root.join("runs");
        let is_claim = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(FOLDER_CLAIM) && path.metadata().is_ok_and(|file| file.len() == 0)
        };
        let (claims, others): (Vec<_>, Vec<_>) =
            list(&self.root)?.into_iter().partition(|path| is_claim(path));
        if others == [runs.clone()] && list(&runs)?.is_empty() {
            claims.iter().try_for_each(|path| remove_file(path))?;
        }
        Ok(())
    }

    /// Claims one run; `None` if another process has claimed it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn claim(&self, id: &RunId) -> Result<Option<Claim>, StoreError> {
        let folder = self.run_folder(id);
        fs::create_dir_all(&folder).map_err(io_error("create", &folder))?;
        let claim = Claim::take(&folder, RUN_CLAIM)?;
        if claim.is_some() {
            remove_leftovers(&folder)?;
        }
        Ok(claim)
    }

    /// Whether a process is working on the run.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn is_claimed(&self, id: &RunId) -> Result<bool, StoreError> {
        claim::is_claimed(&self.run_folder(id), RUN_CLAIM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> RunId {
        serde_json::from_value(serde_json::json!(text)).unwrap()
    }

    #[test]
    fn a_claimed_run_cannot_be_claimed_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let claim = store.claim(&id("a")).unwrap();
        assert!(claim.is_some() && store.is_claimed(&id("a")).unwrap());
        assert!(store.claim(&id("a")).unwrap().is_none());
        assert!(store.claim(&id("b")).unwrap().is_some());
        drop(claim);
        assert!(!store.is_claimed(&id("a")).unwrap());
    }

    #[test]
    fn leftovers_of_a_killed_process_are_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        drop(store.claim(&id("a")).unwrap());
        let leftover = store.run_folder(&id("a")).join(".writing-xyz");
        fs::write(&leftover, "half").unwrap();
        drop(store.claim(&id("a")).unwrap());
        assert!(!leftover.exists());
    }
}
