//! What can go wrong between a `summary.csv` and its figures.

use std::path::PathBuf;

use thiserror::Error;

/// Why no figures could be drawn.
#[derive(Debug, Error)]
pub enum FiguresError {
    /// The CSV can't be opened.
    #[error("cannot open {}: {source}", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    /// The file is not well-formed CSV.
    #[error("{} is not a readable CSV file: {source}", path.display())]
    Csv { path: PathBuf, source: csv::Error },
    /// A column that every figure needs is not in the header.
    #[error("{} has no column `{column}`: is it the summary.csv of a sweep?", path.display())]
    MissingColumn { path: PathBuf, column: &'static str },
    /// A cell doesn't hold what its column promises.
    #[error("{}, line {line}, column `{column}`: `{value}` is not {expected}", path.display())]
    Cell { path: PathBuf, line: u64, column: &'static str, value: String, expected: &'static str },
    /// No run converged, so that there is nothing to draw.
    #[error(
        "nothing to draw: none of the {runs} runs in {} converged \
         ({max_epochs} stopped at the last epoch, {diverged} diverged)",
        path.display()
    )]
    NothingConverged { path: PathBuf, runs: usize, max_epochs: usize, diverged: usize },
    /// A figure can't be turned into pixels.
    #[error("cannot rasterise figure `{figure}`: {reason}")]
    Rasterise { figure: String, reason: String },
    /// A figure can't be written.
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
}
