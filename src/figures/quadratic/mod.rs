//! Figures of the synthetic quadratics, each from the CSV files of one experiment.

mod growth;
mod phase;
mod stationary;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    FiguresError, Outcome,
    chart::{Chart, Curve, Shared},
    layout,
    style::Style,
    summary::Point,
    write_both,
};
use crate::table::{Row, Table, TableError};

/// A figure: its name, the file it needs, and how it is read and drawn.
struct Figure {
    name: &'static str,
    csv: &'static str,
    draw: fn(&Path) -> Result<(Chart, String), FiguresError>,
}

const FIGURES: [Figure; 4] = [
    Figure { name: "phase_diagram", csv: "phase_diagram.csv", draw: phase::chart },
    Figure { name: "second_moment", csv: "second_moment.csv", draw: growth::second_moment },
    Figure { name: "mixture", csv: "mixture.csv", draw: growth::mixture },
    Figure { name: "stationary", csv: "stationary.csv", draw: stationary::chart },
];

/// Draws every figure whose CSV files are in `folder` into `out`, as SVG and PNG.
///
/// # Errors
/// [`FiguresError`]: a CSV can't be read or is malformed, or a file can't be written.
pub fn draw_quadratic(folder: &Path, out: &Path) -> Result<Vec<Outcome>, FiguresError> {
    let present = FIGURES.iter().filter(|figure| folder.join(figure.csv).is_file());
    present.map(|figure| draw(figure, folder, out)).collect()
}

fn draw(figure: &Figure, folder: &Path, out: &Path) -> Result<Outcome, FiguresError> {
    let (chart, notes) = (figure.draw)(folder)?;
    let name = figure.name.to_owned();
    let Some(svg) = layout::to_svg(&chart, &notes) else {
        return Ok(Outcome::Skipped { name, reason: format!("{} has no rows", figure.csv) });
    };
    write_both(name, &svg, out)
}

/// All rows of a file, in its order.
fn rows<T>(
    path: PathBuf,
    read: impl Fn(&Row<'_>) -> Result<T, TableError>,
) -> Result<Vec<T>, FiguresError> {
    let mut table = Table::open(&path)?;
    let mut rows = Vec::new();
    while let Some(row) = table.next_row()? {
        rows.push(read(&row)?);
    }
    Ok(rows)
}

/// The rows of each value of `key` (positive), ascending.
fn grouped<T>(rows: Vec<T>, key: impl Fn(&T) -> f64) -> Vec<(f64, Vec<T>)> {
    // The bit patterns of positive floats are ordered as the floats are.
    let mut groups: BTreeMap<u64, Vec<T>> = BTreeMap::new();
    for row in rows {
        groups.entry(key(&row).to_bits()).or_default().push(row);
    }
    groups.into_iter().map(|(key, rows)| (f64::from_bits(key), rows)).collect()
}

/// A curve with bars of two standard errors; rows without the quantity are passed over.
fn curve<T>(
    label: &str,
    style: Style,
    rows: &[T],
    point: impl Fn(&T) -> Option<(f64, f64, f64)>,
) -> Curve {
    let points = rows.iter().filter_map(point).map(|(x, y, error)| Point {
        x,
        y,
        low: y - 2.0 * error,
        high: y + 2.0 * error,
        runs: 1,
    });
    Curve { label: label.to_owned(), style, shared: Shared::Nothing, points: points.collect() }
}
