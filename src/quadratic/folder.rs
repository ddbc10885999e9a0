//! The results folder of an experiment: one set of settings, and the tables made with it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    config::QuadraticConfig,
    settings::{differences, settings},
    table::CsvTable,
};
use crate::store::{StoreError, read_json, write_file, write_json};

/// A results folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The tables there were made with other settings.
    #[error(
        "{folder} holds another experiment: {differences}; choose another folder with \
         --set results=FOLDER"
    )]
    Other { folder: String, differences: String },
    /// Nobody could tell later what is whose.
    #[error(
        "{folder} belongs to a sweep: it has {file}; choose another folder with --set \
         results=FOLDER"
    )]
    Sweep { folder: String, file: &'static str },
    /// Tables of an earlier version, or of another command.
    #[error(
        "{folder} has {file}, but no experiment.json to tell what it was made with; move the file \
         away, or choose another folder with --set results=FOLDER"
    )]
    Unknown { folder: String, file: String },
    /// The disk's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a folder's tables were made with.
const SETTINGS: &str = "experiment.json";
/// What only sweeps write.
const OF_SWEEPS: [&str; 3] = ["plan.json", "runs", "summary.csv"];
/// Every table that some experiment makes.
const TABLES: [&str; 5] =
    ["phase_diagram", "phase_boundaries", "second_moment", "mixture", "stationary"];

/// A folder that is this experiment's.
#[derive(Debug, Clone)]
pub struct ResultsFolder {
    root: PathBuf,
    settings: Value,
}

impl ResultsFolder {
    /// Creates the folder that `config` names if needed, and notes there what it will hold.
    ///
    /// Tables of equal settings may be made again. Those of other settings are kept: the folder is
    /// refused; but where no table was ever finished there is nothing to keep.
    ///
    /// # Errors
    /// It holds something else, or cannot be written.
    pub fn open(config: &QuadraticConfig) -> Result<Self, FolderError> {
        let root = config.results.clone();
        fs::create_dir_all(&root).map_err(|source| StoreError::Io {
            action: "create",
            path: root.clone(),
            source,
        })?;
        let folder = Self { root, settings: settings(config) };
        folder.refuse_sweeps()?;
        let table = TABLES.iter().map(|name| file(name)).find(|name| folder.has(name));
        if let Some(file) = table
            && !folder.is_noted()?
        {
            return Err(FolderError::Unknown { folder: folder.name(), file });
        }
        write_json(&folder.root.join(SETTINGS), &folder.settings)?;
        Ok(folder)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes `tables`, unless another process has meanwhile begun something else here.
    ///
    /// # Errors
    /// Those of [`ResultsFolder::open`].
    pub fn write(&self, tables: &[CsvTable]) -> Result<Vec<PathBuf>, FolderError> {
        self.is_noted()?;
        tables.iter().map(|table| self.write_table(table)).collect()
    }

    fn write_table(&self, table: &CsvTable) -> Result<PathBuf, FolderError> {
        let path = self.root.join(file(table.name));
        let mut bytes = Vec::new();
        table.write(&mut bytes).map_err(|error| StoreError::Io {
            action: "write",
            path: path.clone(),
            source: error.into(),
        })?;
        write_file(&path, &bytes)?;
        Ok(path)
    }

    fn refuse_sweeps(&self) -> Result<(), FolderError> {
        match OF_SWEEPS.into_iter().find(|name| self.has(name)) {
            Some(file) => Err(FolderError::Sweep { folder: self.name(), file }),
            None => Ok(()),
        }
    }

    /// Whether any settings are noted there; refuses those that are not ours.
    fn is_noted(&self) -> Result<bool, FolderError> {
        let Some(found) = read_json::<Value>(&self.root.join(SETTINGS))? else {
            return Ok(false);
        };
        let differences = differences(&found, &self.settings);
        if differences.is_empty() {
            return Ok(true);
        }
        Err(FolderError::Other { folder: self.name(), differences: differences.join(", ") })
    }

    fn has(&self, name: &str) -> bool {
        self.root.join(name).exists()
    }

    fn name(&self) -> String {
        self.root.display().to_string()
    }
}

fn file(table: &str) -> String {
    format!("{table}.csv")
}
