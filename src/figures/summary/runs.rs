//! The converged runs of `summary.csv`, one set for every method.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::figures::error::FiguresError;
use crate::optimizer::Optimizer;
use crate::summary_csv::{Facet, SummaryRow, require_columns};
use crate::table::{Row, Table, TableError};

/// Algorithm and sampling, which must not be mixed in one figure, and the settings on further axes, which
/// must not be mixed in one curve. Empty if the CSV has no such column.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Method {
    /// SGD or the mixture.
    pub algorithm: String,
    /// How minibatches were drawn.
    pub sampling: String,
    pub facet: Facet,
}

impl Method {
    /// Algorithm and sampling as a part of a file name.
    pub fn file_suffix(&self) -> String {
        let name = format!("{}_{}", self.algorithm, self.sampling);
        let safe = |c: char| if c.is_alphanumeric() { c } else { '_' };
        name.trim_matches('_').chars().map(safe).collect()
    }
}

/// The converged runs of one method, and how many others there are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Runs {
    /// Every converged run, in the order of the file.
    pub converged: Vec<SummaryRow>,
    /// Runs that reached their last epoch without converging.
    pub max_epochs: usize,
    /// Runs that diverged.
    pub diverged: usize,
    /// The identities of all runs by the bits of their step size and their batch size.
    pub identities: BTreeMap<(u64, usize), Vec<String>>,
    /// The converged runs of all panels of a figure, whose styles have to agree; none if these are all.
    pub beside: Arc<[SummaryRow]>,
}

/// Reads `summary.csv`, one set of runs for every method in it. Columns are found by name,
/// unknown ones ignored.
///
/// `learning_rate`, `batch_size`, `stop_reason` and `sharpness_gn` have to be there.
/// Measurements are read for converged runs only: the others are not drawn.
///
/// # Errors
/// A file that can't be read or isn't CSV, a missing column, a cell that isn't what its
/// column promises, and a file without any converged run.
pub fn read(mut table: Table) -> Result<BTreeMap<Method, Runs>, FiguresError> {
    require_columns(&table)?;
    let mut sets: BTreeMap<Method, Runs> = BTreeMap::new();
    while let Some(row) = table.next_row()? {
        sets.entry(method(&row)).or_default().push(&row)?;
    }
    if sets.values().all(|runs| runs.converged.is_empty()) {
        return Err(nothing_converged(table.path(), &sets));
    }
    Ok(sets)
}

fn nothing_converged(path: &Path, sets: &BTreeMap<Method, Runs>) -> FiguresError {
    let max_epochs = sets.values().map(|runs| runs.max_epochs).sum();
    let diverged = sets.values().map(|runs| runs.diverged).sum();
    FiguresError::NothingConverged {
        path: path.to_owned(),
        runs: max_epochs + diverged,
        max_epochs,
        diverged,
    }
}

fn method(row: &Row) -> Method {
    Method {
        algorithm: row.text("algorithm").to_owned(),
        sampling: row.text("sampling").to_owned(),
        facet: Facet(row.further_axes()),
    }
}

impl Runs {
    fn push(&mut self, row: &Row) -> Result<(), TableError> {
        if let (Ok(rate), Ok(size)) = (row.positive("learning_rate"), row.count("batch_size")) {
            let identities = self.identities.entry((rate.to_bits(), size as usize)).or_default();
            identities.push(row.text("run_id").to_owned());
        }
        match row.text("stop_reason") {
            "converged" => self.converged.push(SummaryRow::read(row)?),
            "max_epochs" => self.max_epochs += 1,
            "diverged" => self.diverged += 1,
            _ => return Err(row.cell_error("stop_reason", "converged, max_epochs or diverged")),
        }
        Ok(())
    }

    /// The optimizer of the runs, which all have the same settings on further axes.
    pub fn optimizer(&self) -> Optimizer {
        self.converged.first().map(|run| run.optimizer).unwrap_or_default()
    }

    /// Batch sizes, ascending.
    pub fn batch_sizes(&self) -> BTreeSet<usize> {
        self.converged.iter().map(|run| run.batch_size).collect()
    }

    /// The converged runs of all panels of the figure.
    pub fn of_figure(&self) -> &[SummaryRow] {
        if self.beside.is_empty() { &self.converged } else { &self.beside }
    }

    /// The runs of one batch size.
    pub fn with_batch(&self, batch_size: usize) -> impl Iterator<Item = &SummaryRow> {
        let runs = self.converged.iter();
        runs.filter(move |run| run.batch_size == batch_size)
    }
}
