//! Why runs cannot be compared.

use std::path::PathBuf;

use crate::table::TableError;

/// A file that cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error(transparent)]
    Table(#[from] TableError),
    /// No converged run is at a point of the published grid.
    #[error("{path} has no converged run at a step size and batch size of the published curves", path = .path.display())]
    NothingInCommon { path: PathBuf },
}
