//! The figures as files.

use std::path::Path;

use super::catalog::{Captioned, NamedChart, charts, figure_names};
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
    let charts = charts(&sets);
    for name in replaced(&charts) {
        files::remove(name, out)?;
    }
    charts.into_iter().map(|figure| draw(figure, out)).collect()
}

/// Figures that are now drawn for each set of runs by itself, of which an earlier drawing would mix them.
fn replaced(charts: &[NamedChart]) -> impl Iterator<Item = &'static str> {
    figure_names().filter(|name| {
        let is_part = |chart: &NamedChart| {
            chart.name.strip_prefix(name).is_some_and(|suffix| suffix.starts_with('_'))
        };
        charts.iter().any(is_part) && charts.iter().all(|chart| chart.name != *name)
    })
}

fn draw(figure: NamedChart, out: &Path) -> Result<FigureOutcome, FiguresError> {
    let NamedChart { name, chart, if_empty, .. } = figure;
    match chart {
        Ok(Captioned { chart, caption }) => files::draw(&name, &chart, &caption, out, if_empty),
        Err(reason) => Ok(FigureOutcome::Skipped { name, reason }),
    }
}
