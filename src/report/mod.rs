//! A results folder as one HTML file that needs no network and no server.
//!
//! **gather → facts, figures, overview → page.** `content` reads the folder, finished or not; the
//! other files turn it into what the template `assets/report/report.html` shows. Its style and its
//! script are files beside it, and what the script needs (curves, spectra, places of points) is
//! JSON in the page. The template escapes whatever it is given.

mod content;
mod destination;
mod facts;
mod history;
mod map;
mod overview;
mod page;
mod payload;
mod provenance;
mod settings;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use askama::Template;
use serde::Serialize;

use crate::figures::{FiguresError, Plates, plates};
use crate::record::{TaskState, to_csv};
use crate::store::{RunId, Store, StoreError};
use content::Content;
pub use destination::{Destination, DestinationError};
use page::Page;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Figures(#[from] FiguresError),
    /// The records make no table.
    #[error("cannot gather the records: {0}")]
    Csv(#[from] csv::Error),
    /// What the page's script needs can't be written down.
    #[error("cannot encode the page's data: {0}")]
    Encode(#[from] serde_json::Error),
    #[error("cannot fill in the page: {0}")]
    Template(#[from] askama::Error),
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Written {
    pub report: PathBuf,
    pub bytes: usize,
    /// Planned runs.
    pub runs: usize,
    /// Those with a record.
    pub finished: usize,
    /// Names of the figures in it.
    pub figures: Vec<String>,
}

/// Writes the report of `store` to `out`, a file whole or not at all; `tasks` has what Slurm knows of the
/// runs.
///
/// # Errors
/// A damaged file in the folder, or an `out` that cannot be written.
pub fn write(
    store: &Store,
    out: &Destination,
    tasks: &HashMap<RunId, TaskState>,
) -> Result<Written, ReportError> {
    let content = Content::gather(store, tasks)?;
    let figures = figures(&content, store.root())?;
    let html = Page::new(&content, &figures)?.render()?;
    out.write(html.as_bytes())?;
    Ok(Written {
        report: out.path().to_owned(),
        bytes: html.len(),
        runs: content.runs.len(),
        finished: content.status.finished(),
        figures: figures.drawn.into_iter().map(|plate| plate.name).collect(),
    })
}

/// The figures of the finished runs.
fn figures(content: &Content, root: &Path) -> Result<Plates, ReportError> {
    let records: Vec<_> = content.records().cloned().collect();
    if content.status.converged == 0 {
        return Ok(Plates::default());
    }
    Ok(plates(&to_csv(records)?, &root.join("summary.csv"))?)
}
