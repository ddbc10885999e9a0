//! The figures as files.

use std::path::Path;

use super::catalog::{Captioned, NamedChart, charts};
use super::runs;
use crate::figures::error::FiguresError;
use crate::figures::files::{self, FigureOutcome};
use crate::table::Table;

/// Draws every figure that `csv` has the data for into the folder `out`, as SVG and PNG.
///
/// Only converged runs are drawn, as in the paper; the caption of each figure counts the others.
/// A CSV with several algorithms or ways of sampling gets one set of figures for each.
///
/// # Errors
/// [`FiguresError`]: the CSV can't be read, is malformed or holds no converged run, or a file
/// can't be written.
pub fn draw_all(csv: &Path, out: &Path) -> Result<Vec<FigureOutcome>, FiguresError> {
    let sets = runs::read(Table::open(csv)?)?;
    charts(&sets).into_iter().map(|figure| draw(figure, out)).collect()
}

fn draw(figure: NamedChart, out: &Path) -> Result<FigureOutcome, FiguresError> {
    let NamedChart { name, chart, if_empty, .. } = figure;
    match chart {
        Ok(Captioned { chart, caption }) => files::draw(&name, &chart, &caption, out, if_empty),
        Err(reason) => Ok(FigureOutcome::Skipped { name, reason }),
    }
}
