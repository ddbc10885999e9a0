//! A results folder as one HTML file that needs no network and no server.
//!
//! **data → facts, figures, overview → page.** `data` reads the folder, of a finished sweep or not; the
//! other files compute the values of the template `assets/report/report.html`. CSS and script are files
//! next to it. The data of the script (curves, spectra, positions of points) is JSON in the page. The
//! template escapes all values.

mod data;
mod destination;
mod facts;
mod history;
mod overview;
mod page;
mod payload;
mod provenance;
mod run_grid;
mod settings;

use std::collections::HashMap;
use std::path::PathBuf;

use askama::Template;
use serde::Serialize;

use crate::figures::{EmbeddedFigures, FiguresError, embedded_figures};
use crate::record::{TaskState, further_columns, summarized_records, summary_csv};
use crate::store::{RunId, Store, StoreError};
use data::ReportData;
pub use destination::{Destination, DestinationError};
use page::Page;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Figures(#[from] FiguresError),
    /// The records cannot be encoded as CSV.
    #[error("cannot gather the records: {0}")]
    Csv(#[from] csv::Error),
    /// The data of the script cannot be encoded.
    #[error("cannot encode the page's data: {0}")]
    Encode(#[from] serde_json::Error),
    #[error("cannot fill in the page: {0}")]
    Template(#[from] askama::Error),
}

/// The report that was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Written {
    pub report: PathBuf,
    pub bytes: usize,
    /// Number of planned runs.
    pub runs: usize,
    /// Number of runs with a record.
    pub finished: usize,
    /// Names of its figures.
    pub figures: Vec<String>,
}

/// Writes the report of `store` to `out`, completely or not at all; `tasks` are the states of Slurm
/// tasks.
///
/// # Errors
/// A damaged file in the folder, or an `out` that cannot be written.
pub fn write(
    store: &Store,
    out: &Destination,
    tasks: &HashMap<RunId, TaskState>,
) -> Result<Written, ReportError> {
    let data = ReportData::read(store, tasks)?;
    let figures = figures(&data, store)?;
    let html = Page::new(&data, &figures)?.render()?;
    out.write(html.as_bytes())?;
    Ok(Written {
        report: out.path().to_owned(),
        bytes: html.len(),
        runs: data.runs.len(),
        finished: data.status.finished(),
        figures: figures.drawn.into_iter().map(|figure| figure.name).collect(),
    })
}

/// The figures of the finished runs.
fn figures(data: &ReportData, store: &Store) -> Result<EmbeddedFigures, ReportError> {
    if data.status.converged == 0 {
        return Ok(EmbeddedFigures::default());
    }
    let csv = summary_csv(summarized_records(store)?, &further_columns(store)?)?;
    Ok(embedded_figures(&csv, &store.root().join("summary.csv"))?)
}
