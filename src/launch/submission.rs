//! The files of a submission in the results folder.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::LaunchError;
use crate::record::Run;
use crate::slurm::EndedTask;
use crate::store::{RunId, Store, StoreError, read_json, write_json};

/// A submitted job array.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    pub number: u32,
    pub folder: PathBuf,
    /// The runs of each task.
    pub tasks: Vec<Vec<RunId>>,
    /// `None` if Slurm did not accept it.
    pub jobs: Option<JobNumbers>,
}

/// `slurm/N/jobs.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobNumbers {
    pub cluster: String,
    pub array: u64,
    pub gather: Option<u64>,
}

impl Submission {
    /// Reads submission `number` of `store`.
    ///
    /// # Errors
    /// A damaged file.
    pub fn read(store: &Store, number: u32) -> Result<Option<Self>, StoreError> {
        let folder = root(store).join(number.to_string());
        let Some(tasks) = read_json(&folder.join("tasks.json"))? else { return Ok(None) };
        let jobs = read_json(&folder.join("jobs.json"))?;
        Ok(Some(Self { number, folder, tasks, jobs }))
    }

    /// The runs of task `task`, taken from `runs`.
    ///
    /// # Errors
    /// There is no such task, or a run of it is not among `runs`.
    pub fn runs(&self, task: usize, runs: Vec<Run>) -> Result<Vec<Run>, LaunchError> {
        let submission = self.number;
        let last = self.tasks.len().saturating_sub(1);
        let wanted = self.tasks.get(task).ok_or(LaunchError::NoTask { submission, task, last })?;
        let mut known: HashMap<RunId, Run> =
            runs.into_iter().map(|run| (run.id.clone(), run)).collect();
        let find = |id: &RunId| {
            let run = id.to_string();
            known.remove(id).ok_or(LaunchError::OtherPlan { run, task, submission })
        };
        wanted.iter().map(find).collect()
    }

    /// The tasks that were found earlier to have ended.
    ///
    /// # Errors
    /// A damaged file.
    pub fn ended_tasks(&self) -> Result<Vec<EndedTask>, StoreError> {
        Ok(read_json(&self.folder.join("ends.json"))?.unwrap_or_default())
    }

    /// Saves the tasks that have ended.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn save_ended_tasks(&self, ended: &[EndedTask]) -> Result<(), StoreError> {
        write_json(&self.folder.join("ends.json"), &ended)
    }

    /// Saves the numbers of the jobs.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn save_jobs(&self, jobs: &JobNumbers) -> Result<(), StoreError> {
        write_json(&self.folder.join("jobs.json"), jobs)
    }

    /// Path of the script of the job array.
    pub fn array_path(&self) -> PathBuf {
        self.folder.join("array.sh")
    }

    /// Path of the script of the last job.
    pub fn gather_path(&self) -> PathBuf {
        self.folder.join("gather.sh")
    }

    /// Path of the log of task `task`.
    pub fn log(&self, task: usize) -> PathBuf {
        self.folder.join(format!("{task}.log"))
    }
}

/// All submissions of `store`, the oldest first.
///
/// # Errors
/// A damaged file.
pub fn submissions(store: &Store) -> Result<Vec<Submission>, StoreError> {
    let found = numbers(&root(store)).into_iter().map(|number| Submission::read(store, number));
    found.filter_map(Result::transpose).collect()
}

/// Removes the folders of submissions that Slurm has not taken, except those with something that a job
/// has written.
///
/// # Errors
/// A folder cannot be removed.
pub fn remove_unsubmitted(store: &Store) -> Result<(), StoreError> {
    for number in numbers(&root(store)) {
        let folder = root(store).join(number.to_string());
        if !folder.join("jobs.json").exists() && !has_logs(&folder) {
            remove_folder(&folder)?;
        }
    }
    Ok(())
}

/// Removes the folder of a submission, and the folder of all of them if it was the only one.
pub fn remove_folder(folder: &Path) -> Result<(), StoreError> {
    let remove = |source| StoreError::Io { action: "remove", path: folder.to_owned(), source };
    fs::remove_dir_all(folder).map_err(remove)?;
    if let Some(all) = folder.parent() {
        // It stays if it is not empty.
        let _ = fs::remove_dir(all);
    }
    Ok(())
}

fn has_logs(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .any(|path| path.extension().is_some_and(|ending| ending == "log"))
}

/// Creates the folder of the next submission; returns its number and path.
pub fn create_next_folder(store: &Store) -> Result<(u32, PathBuf), StoreError> {
    let root = root(store);
    let number = numbers(&root).last().map_or(1, |last| last + 1);
    let folder = root.join(number.to_string());
    let create = |source| StoreError::Io { action: "create", path: folder.clone(), source };
    fs::create_dir_all(&folder).map_err(create)?;
    Ok((number, folder))
}

fn root(store: &Store) -> PathBuf {
    store.root().join("slurm")
}

/// Numbers of the submissions in ascending order; none if the folder does not exist.
fn numbers(root: &Path) -> Vec<u32> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut numbers: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
}
