//! What can go wrong with a file of a results folder.

use std::path::{Path, PathBuf};

/// A results folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {action} {path}: {source}", path = .path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    /// One of our files does not have the content that it was written with.
    #[error("{path} is damaged: {fault}; move it away and run again", path = .path.display())]
    Damaged { path: PathBuf, fault: String },
    /// A table of somebody else would be overwritten.
    #[error(
        "{folder} holds a summary.csv that no sweep wrote there; move it away, or choose another folder \
         with --set run.results=FOLDER", folder = .folder.display()
    )]
    Foreign { folder: PathBuf },
    /// Files of runs and tables of `etastar quadratic` could not be told apart later.
    #[error(
        "{folder} holds the tables of `etastar quadratic`; choose another folder with --set \
         run.results=FOLDER", folder = .folder.display()
    )]
    OfQuadratic { folder: PathBuf },
}

/// Turns an error of the operating system into "cannot `action` `path`".
pub(super) fn io_error<'p>(
    action: &'static str,
    path: &'p Path,
) -> impl FnOnce(std::io::Error) -> StoreError + 'p {
    move |source| StoreError::Io { action, path: path.to_owned(), source }
}
