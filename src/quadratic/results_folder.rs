//! The results folder of an experiment: one set of settings, and the tables made with it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::experiments::TABLES;
use super::settings::{QuadraticConfig, differences, stored_settings};
use super::table::CsvTable;
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
    /// Files of both could not be told apart later.
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
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The file with the settings of a folder's tables.
const SETTINGS: &str = "experiment.json";
/// Files that only sweeps write.
const SWEEP_FILES: [&str; 3] = ["plan.json", "runs", "summary.csv"];
/// The folder of one experiment.
#[derive(Debug, Clone)]
pub struct ResultsFolder {
    root: PathBuf,
    settings: Value,
}

impl ResultsFolder {
    /// Creates the folder that `config` names if needed, and writes the settings to it.
    ///
    /// Tables of equal settings may be made again. A folder with tables of other settings is refused.
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
        let folder = Self { root, settings: stored_settings(config) };
        folder.refuse_sweeps()?;
        let table = TABLES.iter().map(|name| file(name)).find(|name| folder.has(name));
        if let Some(file) = table
            && !folder.has_these_settings()?
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
        self.has_these_settings()?;
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
        let settings = read_json::<Value>(&self.root.join(SETTINGS))?;
        // Those of an experiment on quadratics name it.
        let foreign = settings.is_some_and(|settings| settings.get("experiment").is_none());
        let file = SWEEP_FILES.into_iter().find(|name| self.has(name));
        match file.or(foreign.then_some(SETTINGS)) {
            Some(file) => Err(FolderError::Sweep { folder: self.name(), file }),
            None => Ok(()),
        }
    }

    /// Whether the folder has settings; other settings than these are an error.
    fn has_these_settings(&self) -> Result<bool, FolderError> {
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
