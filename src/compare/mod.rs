//! Our runs beside the published curves of Mulayoff & Michaeli (COLT 2024), Figures 1(a) to 3.

mod edge;
mod published;
mod statistics;

use std::path::{Path, PathBuf};

pub use edge::{Edge, Range, Signs};
pub use published::{Published, read as read_published};
pub use statistics::{Comparison, Deviation, compare};

/// One finished run, reduced to what is compared.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
pub struct Run {
    pub learning_rate: f64,
    pub batch_size: usize,
    pub stop_reason: String,
    pub sharpness_gn: Option<f64>,
    pub bound_17: Option<f64>,
    pub bound_27: Option<f64>,
    pub generalized_sharpness: Option<f64>,
    pub effective_rank: Option<f64>,
    pub eta_var: Option<f64>,
    pub eta_as: Option<f64>,
    pub lyapunov_low: Option<f64>,
    pub lyapunov_high: Option<f64>,
    /// Absent from summaries of early versions, as its company.
    #[serde(default)]
    pub lyapunov_epoch_low: Option<f64>,
    #[serde(default)]
    pub lyapunov_epoch_high: Option<f64>,
    #[serde(default)]
    pub eta_as_epoch: Option<f64>,
}

/// A file that cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error("cannot read {path}: {source}", path = .path.display())]
    Unreadable { path: PathBuf, source: csv::Error },
    /// The paper's grid and ours have no point in common.
    #[error("{path} has no converged run at a step size and batch size of the published curves", path = .path.display())]
    NothingInCommon { path: PathBuf },
}

/// The rows of `summary.csv`.
///
/// # Errors
/// A file that cannot be read, or rows that lack a column.
pub fn read_runs(path: &Path) -> Result<Vec<Run>, CompareError> {
    let unreadable = |source| CompareError::Unreadable { path: path.to_owned(), source };
    let mut reader = csv::Reader::from_path(path).map_err(unreadable)?;
    reader.deserialize().collect::<Result<_, _>>().map_err(unreadable)
}
