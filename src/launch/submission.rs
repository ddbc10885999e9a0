//! One submission, as frozen in the results folder.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::LaunchError;
use crate::config::RunSpec;
use crate::slurm::End;
use crate::sweep::{RunId, Store, StoreError, read_json, run_id, write_json};

/// A job array that was or is to be submitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    pub number: u32,
    pub folder: PathBuf,
    /// The runs of each task.
    pub tasks: Vec<Vec<RunId>>,
    /// `None` if it never reached Slurm.
    pub jobs: Option<Jobs>,
}

/// `slurm/N/jobs.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jobs {
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

    /// The runs of task `task`, out of `specs`.
    ///
    /// # Errors
    /// There is no such task, or a run of it is not among `specs`.
    pub fn specs(
        &self,
        task: usize,
        specs: Vec<RunSpec>,
        data_digest: &str,
    ) -> Result<Vec<RunSpec>, LaunchError> {
        let submission = self.number;
        let last = self.tasks.len().saturating_sub(1);
        let wanted = self.tasks.get(task).ok_or(LaunchError::NoTask { submission, task, last })?;
        let mut known: HashMap<RunId, RunSpec> =
            specs.into_iter().map(|spec| (run_id(&spec, data_digest), spec)).collect();
        let find = |id: &RunId| {
            let run = id.to_string();
            known.remove(id).ok_or(LaunchError::OtherPlan { run, task, submission })
        };
        wanted.iter().map(find).collect()
    }

    /// The ends of its tasks that were seen earlier.
    ///
    /// # Errors
    /// A damaged file.
    pub fn ends(&self) -> Result<Vec<End>, StoreError> {
        Ok(read_json(&self.folder.join("ends.json"))?.unwrap_or_default())
    }

    /// Remembers the ends of its tasks.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn keep_ends(&self, ends: &[End]) -> Result<(), StoreError> {
        write_json(&self.folder.join("ends.json"), &ends)
    }

    /// Remembers the numbers of its jobs.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn keep_jobs(&self, jobs: &Jobs) -> Result<(), StoreError> {
        write_json(&self.folder.join("jobs.json"), jobs)
    }

    /// The log of task `task`.
    pub fn log(&self, task: usize) -> PathBuf {
        self.folder.join(format!("{task}.log"))
    }
}

/// Every submission of `store`, the oldest first.
///
/// # Errors
/// A damaged file.
pub fn submissions(store: &Store) -> Result<Vec<Submission>, StoreError> {
    let found = numbers(&root(store)).into_iter().map(|number| Submission::read(store, number));
    found.filter_map(Result::transpose).collect()
}

/// Makes the folder of the next submission.
pub fn next(store: &Store) -> Result<(u32, PathBuf), StoreError> {
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

/// Numbers of the submissions in ascending order; without a folder there are none.
fn numbers(root: &Path) -> Vec<u32> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut numbers: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
}
