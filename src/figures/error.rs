//! Why figures cannot be drawn.

use std::path::PathBuf;

use thiserror::Error;

use crate::store::StoreError;
use crate::table::TableError;

/// Why no figures could be drawn.
#[derive(Debug, Error)]
pub enum FiguresError {
    /// The CSV can't be used.
    #[error(transparent)]
    Table(#[from] TableError),
    /// No run converged: there is nothing to draw.
    #[error(
        "nothing to draw: none of the {runs} runs in {} converged \
         ({max_epochs} stopped at the last epoch, {diverged} diverged)",
        path.display()
    )]
    NothingConverged { path: PathBuf, runs: usize, max_epochs: usize, diverged: usize },
    /// A figure can't be turned into pixels.
    #[error("cannot rasterise figure `{figure}`: {reason}")]
    Rasterise { figure: String, reason: String },
    /// A file can't be written.
    #[error(transparent)]
    Write(#[from] StoreError),
}
