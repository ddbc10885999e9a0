//! Why a run failed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::provenance::Provenance;
use crate::config::RunSpec;
use crate::store::{self, RunId, Store, StoreError};

/// `runs/ID/failure.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    pub spec: RunSpec,
    pub reason: String,
    pub provenance: Provenance,
}

impl Failure {
    /// The failure of run `id`; `None` if it did not fail.
    ///
    /// # Errors
    /// A damaged file.
    pub fn read(store: &Store, id: &RunId) -> Result<Option<Self>, StoreError> {
        store::read_json(&path(store, id))
    }

    /// Writes it for run `id`.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, store: &Store, id: &RunId) -> Result<(), StoreError> {
        store::write_json(&path(store, id), self)
    }

    /// Removes the failure of a run that has succeeded since.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn remove(store: &Store, id: &RunId) -> Result<(), StoreError> {
        store::remove_file(&path(store, id))
    }
}

fn path(store: &Store, id: &RunId) -> PathBuf {
    store.run_folder(id).join("failure.json")
}
