//! The figures of the synthetic quadratics, each from the CSV files of one experiment.

mod growth;
mod intervals;
mod momentum;
mod phase;
mod stationary;

use std::path::Path;

use super::error::FiguresError;
use super::files::{self, FigureOutcome};
use super::plotting::chart::Chart;

/// A figure: its name, its CSV, the function that reads and charts it, and what a CSV with rows lacks if
/// there is nothing to draw.
struct Figure {
    name: &'static str,
    csv: &'static str,
    chart: fn(&Path) -> Result<(Chart, String), FiguresError>,
    required: &'static str,
}

const FIGURES: [Figure; 5] = [
    Figure {
        name: "phase_diagram",
        csv: "phase_diagram.csv",
        chart: phase::chart,
        required: "cell",
    },
    Figure {
        name: "second_moment",
        csv: "second_moment.csv",
        chart: growth::second_moment,
        required: "finite rate of growth",
    },
    Figure {
        name: "mixture",
        csv: "mixture.csv",
        chart: growth::mixture,
        required: "finite rate of growth",
    },
    Figure {
        name: "momentum_diagram",
        csv: "momentum_diagram.csv",
        chart: momentum::chart,
        required: "cell",
    },
    Figure {
        name: "stationary",
        csv: "stationary.csv",
        chart: stationary::chart,
        required: "quantity above 0",
    },
];

/// Draws every figure whose CSV files are in `folder` into `out`, as SVG and PNG. For a figure that can't
/// be drawn, the files of an earlier drawing are removed: they would show other numbers than the CSV.
///
/// # Errors
/// [`FiguresError`]: a CSV can't be read or is malformed, or a file can't be written.
pub fn draw_quadratic(folder: &Path, out: &Path) -> Result<Vec<FigureOutcome>, FiguresError> {
    let present = FIGURES.iter().filter(|figure| folder.join(figure.csv).is_file());
    present.map(|figure| draw(figure, folder, out)).collect()
}

fn draw(figure: &Figure, folder: &Path, out: &Path) -> Result<FigureOutcome, FiguresError> {
    let (mut chart, mut caption) = (figure.chart)(folder)?;
    if let [panel] = chart.panels.as_mut_slice() {
        // A single panel has no space for a title.
        caption = format!("{}. {caption}", std::mem::take(&mut panel.title));
    }
    let lack = if chart.panels.is_empty() { "rows" } else { figure.required };
    let if_empty = format!("{} has no {lack}", figure.csv);
    let outcome = files::draw(figure.name, &chart, &caption, out, &if_empty)?;
    if let FigureOutcome::Skipped { name, .. } = &outcome {
        files::remove(name, out)?;
    }
    Ok(outcome)
}
