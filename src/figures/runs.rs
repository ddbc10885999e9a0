//! The rows of `summary.csv` that figures are drawn from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::error::FiguresError;
use crate::table::{Row, SUMMARY, Table, TableError};

/// What must not be mixed in one figure. Parts that the CSV doesn't tell are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Method {
    /// The optimizer.
    pub algorithm: String,
    /// How minibatches were drawn.
    pub sampling: String,
}

impl Method {
    /// Algorithm and sampling as a part of a file name.
    pub fn file_suffix(&self) -> String {
        let name = format!("{}_{}", self.algorithm, self.sampling);
        let safe = |c: char| if c.is_alphanumeric() { c } else { '_' };
        name.trim_matches('_').chars().map(safe).collect()
    }
}

/// One converged run, reduced to what the figures show.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Step size η.
    pub learning_rate: f64,
    /// Batch size B.
    pub batch_size: u64,
    /// λ_max of the Gauss–Newton Hessian, the matrix that the bounds refer to.
    pub sharpness: Option<f64>,
    /// Lower bound (17) of \[M\] on the generalized sharpness.
    pub bound_17: Option<f64>,
    /// Lower bound (27) of \[M\], the rank-one one.
    pub bound_27: Option<f64>,
    /// λ_max(C†D).
    pub generalized: Option<f64>,
    /// Proved lower end of its enclosure.
    pub generalized_lower: Option<f64>,
    /// Proved upper end of its enclosure.
    pub generalized_upper: Option<f64>,
    /// η*_as of shuffled epochs.
    pub eta_as_epoch: Option<f64>,
    /// η*_var of shuffled epochs, with its interval.
    pub eta_var_epoch: Option<f64>,
    pub eta_var_epoch_low: Option<f64>,
    pub eta_var_epoch_high: Option<f64>,
}

/// The converged runs of one method, and how many others there are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Runs {
    /// Every converged run, in the order of the file.
    pub converged: Vec<Run>,
    /// Runs that reached their last epoch without converging.
    pub max_epochs: usize,
    /// Runs that diverged.
    pub diverged: usize,
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
    table.require(&["learning_rate", "batch_size", "stop_reason", "sharpness_gn"], SUMMARY)?;
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
    }
}

impl Runs {
    fn push(&mut self, row: &Row) -> Result<(), TableError> {
        match row.text("stop_reason") {
            "converged" => self.converged.push(converged_run(row)?),
            "max_epochs" => self.max_epochs += 1,
            "diverged" => self.diverged += 1,
            _ => return Err(row.bad("stop_reason", "converged, max_epochs or diverged")),
        }
        Ok(())
    }

    /// Batch sizes, ascending.
    pub fn batch_sizes(&self) -> BTreeSet<u64> {
        self.converged.iter().map(|run| run.batch_size).collect()
    }

    /// The runs of one batch size.
    pub fn with_batch(&self, batch_size: u64) -> impl Iterator<Item = &Run> {
        let runs = self.converged.iter();
        runs.filter(move |run| run.batch_size == batch_size)
    }
}

fn converged_run(row: &Row) -> Result<Run, TableError> {
    Ok(Run {
        learning_rate: row.positive("learning_rate")?,
        batch_size: row.count("batch_size")?,
        sharpness: row.optional("sharpness_gn")?,
        bound_17: row.optional("bound_17")?,
        bound_27: row.optional("bound_27")?,
        generalized: row.optional("generalized_sharpness")?,
        generalized_lower: row.optional("generalized_sharpness_lower")?,
        generalized_upper: row.optional("generalized_sharpness_upper")?,
        eta_as_epoch: row.optional("eta_as_epoch")?,
        eta_var_epoch: row.optional("eta_var_epoch")?,
        eta_var_epoch_low: row.optional("eta_var_epoch_low")?,
        eta_var_epoch_high: row.optional("eta_var_epoch_high")?,
    })
}
