//! Figures of the synthetic quadratics, each from the CSV files of one experiment.

mod growth;
mod phase;
mod stationary;

use std::{
    collections::BTreeMap,
    fs, io,
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

/// A figure: its name, the file it needs, how it is read and drawn, and what a file with rows has
/// none of if there is still nothing to draw.
struct Figure {
    name: &'static str,
    csv: &'static str,
    draw: fn(&Path) -> Result<(Chart, String), FiguresError>,
    needed: &'static str,
}

const FIGURES: [Figure; 4] = [
    Figure { name: "phase_diagram", csv: "phase_diagram.csv", draw: phase::chart, needed: "cell" },
    Figure {
        name: "second_moment",
        csv: "second_moment.csv",
        draw: growth::second_moment,
        needed: "finite rate of growth",
    },
    Figure {
        name: "mixture",
        csv: "mixture.csv",
        draw: growth::mixture,
        needed: "finite rate of growth",
    },
    Figure {
        name: "stationary",
        csv: "stationary.csv",
        draw: stationary::chart,
        needed: "quantity above 0",
    },
];

/// Draws every figure whose CSV files are in `folder` into `out`, as SVG and PNG. One that can't be
/// drawn leaves no file of an earlier drawing, which would show other numbers than the CSV's.
///
/// # Errors
/// [`FiguresError`]: a CSV can't be read or is malformed, or a file can't be written.
pub fn draw_quadratic(folder: &Path, out: &Path) -> Result<Vec<Outcome>, FiguresError> {
    let present = FIGURES.iter().filter(|figure| folder.join(figure.csv).is_file());
    present.map(|figure| draw(figure, folder, out)).collect()
}

fn draw(figure: &Figure, folder: &Path, out: &Path) -> Result<Outcome, FiguresError> {
    let (mut chart, mut notes) = (figure.draw)(folder)?;
    if let [panel] = chart.panels.as_mut_slice() {
        // A single panel has no room for a title.
        notes = format!("{}. {notes}", std::mem::take(&mut panel.title));
    }
    let name = figure.name.to_owned();
    let Some(svg) = layout::to_svg(&chart, &notes) else {
        remove_both(figure.name, out)?;
        let needed = if chart.panels.is_empty() { "rows" } else { figure.needed };
        return Ok(Outcome::Skipped { name, reason: format!("{} has no {needed}", figure.csv) });
    };
    write_both(name, &svg, out)
}

fn remove_both(name: &str, out: &Path) -> Result<(), FiguresError> {
    for kind in ["svg", "png"] {
        let path = out.join(format!("{name}.{kind}"));
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(FiguresError::Write { path, source });
            }
            _ => {}
        }
    }
    Ok(())
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
