//! Publication-quality figures, drawn from `summary.csv` alone.
//!
//! **read → choose → chart → lay out → SVG → PNG.** `runs` holds the converged rows; each figure
//! is a function in its own file that turns them into a `Chart`, which says *what* to show;
//! `layout` places it on the page. To add a figure, write such a function and list it in
//! `FIGURES`.
//!
//! The SVG is written here rather than by plotters, whose drawing backends take coordinates in
//! whole pixels and labels in one style: print needs finer lines, italics and subscripts.
//!
//! The same CSV gives the same bytes, whatever the order of its rows.
//!
//! \[M\] is Mulayoff & Michaeli, *Exact Mean Square Linear Stability Analysis for SGD*,
//! COLT 2024, <https://arxiv.org/abs/2306.07850>.

mod algorithms;
mod bounds;
mod canvas;
mod chart;
mod common;
mod edge;
mod error;
mod layout;
mod legend;
mod markup;
mod notes;
mod output;
mod plate;
mod plot;
mod png;
mod probe;
mod published;
pub mod quadratic;
mod runs;
mod scale;
mod sharpness;
mod sharpness_vs_batch;
mod stationary;
mod style;
mod summary;
#[cfg(test)]
mod tests;
mod ticks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::table::Table;
use chart::Chart;
pub use error::FiguresError;
pub use plate::{Plate, Plates, Target, plates};
pub use probe::draw_probe;
pub use published::draw_comparison;
use runs::{Method, Runs};
pub use stationary::draw_stationary;

/// A figure: the name of its files, and what it shows or why it can't be drawn.
struct Figure {
    name: &'static str,
    chart: fn(&Runs) -> Result<Chart, String>,
}

/// Every figure, in the order in which they are drawn.
const FIGURES: [Figure; 4] = [
    Figure { name: "figure1a_sharpness", chart: sharpness::chart },
    Figure { name: "figure1b_sharpness_vs_batch", chart: sharpness_vs_batch::chart },
    Figure { name: "figure2_bounds", chart: bounds::chart },
    Figure { name: "edge_of_stability", chart: edge::mean_square },
];

/// Drawn where there is something to show: the edges of shuffled epochs are off by default.
const SHUFFLED: Figure = Figure { name: "edge_of_shuffled_epochs", chart: edge::shuffled_epochs };

/// The figures of one set of runs.
fn figures(runs: &Runs) -> impl Iterator<Item = &'static Figure> {
    let shuffled = runs.converged.iter().any(edge::knows_shuffled_epochs);
    FIGURES.iter().chain(shuffled.then_some(&SHUFFLED))
}

/// What became of one figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Both files are written.
    Drawn { name: String, svg: PathBuf, png: PathBuf },
    /// The CSV lacks what the figure shows.
    Skipped { name: String, reason: String },
}

/// Draws every figure that `csv` has the data for into the folder `out`, as SVG and PNG.
///
/// Only converged runs are drawn, as in the paper; a note below each figure counts the others.
/// A CSV that mixes algorithms or ways of sampling gets one set of figures for each.
///
/// # Errors
/// [`FiguresError`]: the CSV can't be read, is malformed or holds no converged run, or a file
/// can't be written.
pub fn draw_all(csv: &Path, out: &Path) -> Result<Vec<Outcome>, FiguresError> {
    let sets = runs::read(Table::open(csv)?)?;
    let several = sets.len() > 1;
    let mut outcomes = Vec::new();
    for (method, runs) in &sets {
        for figure in figures(runs) {
            let method = several.then_some(method);
            outcomes.push(draw(figure, method, runs, out)?);
        }
    }
    if algorithms::several(&sets) {
        outcomes.push(draw_algorithms(&sets, out)?);
    }
    Ok(outcomes)
}

fn draw_algorithms(sets: &BTreeMap<Method, Runs>, out: &Path) -> Result<Outcome, FiguresError> {
    let name = algorithms::NAME.to_owned();
    let svg = algorithms::chart(sets).and_then(|chart| {
        layout::to_svg(&chart, algorithms::NOTE).ok_or_else(|| "nothing is measured".to_owned())
    });
    match svg {
        Ok(svg) => write_both(name, &svg, out),
        Err(reason) => Ok(Outcome::Skipped { name, reason }),
    }
}

/// Draws one figure; `method` is given if the CSV holds several.
fn draw(
    figure: &Figure,
    method: Option<&Method>,
    runs: &Runs,
    out: &Path,
) -> Result<Outcome, FiguresError> {
    let suffix = method.map_or(String::new(), |method| format!("_{}", method.file_suffix()));
    let name = format!("{}{suffix}", figure.name);
    let svg = (figure.chart)(runs).and_then(|chart| {
        let svg = layout::to_svg(&chart, &notes::notes(method, runs, &chart));
        svg.ok_or_else(|| "the column `sharpness_gn` is empty".to_owned())
    });
    let svg = match svg {
        Ok(svg) => svg,
        Err(reason) => return Ok(Outcome::Skipped { name, reason }),
    };
    write_both(name, &svg, out)
}

/// Writes a drawn figure as SVG and PNG.
fn write_both(name: String, svg: &str, out: &Path) -> Result<Outcome, FiguresError> {
    let png = png::rasterise(svg)
        .map_err(|reason| FiguresError::Rasterise { figure: name.clone(), reason })?;
    let [svg_path, png_path] = ["svg", "png"].map(|kind| out.join(format!("{name}.{kind}")));
    output::write(&svg_path, svg.as_bytes())?;
    output::write(&png_path, &png)?;
    Ok(Outcome::Drawn { name, svg: svg_path, png: png_path })
}
