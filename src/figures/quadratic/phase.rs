//! The phase diagram of \[D\]'s synthetic family: simulation as shade, theories as lines.
//!
//! \[D\] is Dexter et al., *A Precise Characterization of SGD Stability Using Loss Surface
//! Geometry*, ICLR 2024, <https://arxiv.org/abs/2401.12332>.

use std::path::Path;

use super::{curve, grouped, rows};
use crate::figures::{
    FiguresError,
    chart::{Axis, Chart, Curve, Panel, Tile},
    scale::Kind,
    style::{BLACK, Colour, DISTINCT, Dash, Marker, Style},
};
use crate::table::{Row, TableError};

struct Cell {
    learning_rate: f64,
    batch_size: f64,
    coherence: f64,
    fraction: f64,
}

struct Line {
    learning_rate: f64,
    batch_size: f64,
    theories: [Option<f64>; 4],
}

/// Column, label and look of every line.
const THEORIES: [(&str, &str, Dash, Colour); 4] = [
    ("theorem_1", "Theorem 1: diverges below", Dash::Dashed, DISTINCT[0]),
    ("mean_square", "mean square, exact", Dash::Solid, BLACK),
    // On this family it lies on the exact one.
    ("theorem_2", "Theorem 2: need not diverge above", Dash::Dotted, DISTINCT[3]),
    ("almost_sure", "almost sure, *λ* = 0", Dash::Solid, DISTINCT[1]),
];

/// Of each where it is a point; what lies on the exact one leaves it to be seen.
const SHAPES: [Marker; 4] = [Marker::Circle, Marker::Square, Marker::Cross, Marker::Diamond];

/// Why the legend has what the plot has not.
const OUTSIDE: &str = "A line that is not there lies outside the axes.";

/// One panel per step size.
pub fn chart(folder: &Path) -> Result<(Chart, String), FiguresError> {
    let cells = grouped(rows(folder.join("phase_diagram.csv"), cell)?, |c| c.learning_rate);
    let lines = rows(folder.join("phase_boundaries.csv"), line)?;
    let panels = cells.iter().map(|(rate, cells)| panel(*rate, cells, &lines)).collect();
    let chart = Chart {
        title: "Where SGD diverges on a synthetic family, by simulation and by four theories"
            .to_owned(),
        x: Axis::new(Kind::Log2, "batch size *B*"),
        y: Axis::new(Kind::Log10, "coherence *σ*"),
        panels,
    };
    let shade =
        "Shade: fraction of the simulations that diverged, from white (none) to grey (all).";
    let missing = chart.panels.iter().flat_map(|panel| &panel.curves).any(|c| c.points.is_empty());
    let notes = if missing { format!("{shade} {OUTSIDE}") } else { shade.to_owned() };
    Ok((chart, notes))
}

fn cell(row: &Row<'_>) -> Result<Cell, TableError> {
    Ok(Cell {
        learning_rate: row.positive("learning_rate")?,
        batch_size: row.positive("batch_size")?,
        coherence: row.positive("coherence")?,
        fraction: row.signed("fraction_diverged")?.unwrap_or(0.0),
    })
}

fn line(row: &Row<'_>) -> Result<Line, TableError> {
    let mut theories = [None; 4];
    for (value, (column, ..)) in theories.iter_mut().zip(THEORIES) {
        *value = row.signed(column)?;
        if column == "almost_sure" {
            // Known for whole σ only: between the last unstable one and the next.
            *value = value.map(|last| (last * (last + 1.0)).sqrt());
        }
    }
    Ok(Line {
        learning_rate: row.positive("learning_rate")?,
        batch_size: row.positive("batch_size")?,
        theories,
    })
}

fn panel(learning_rate: f64, cells: &[Cell], lines: &[Line]) -> Panel {
    let sizes = edges(cells.iter().map(|cell| cell.batch_size));
    let coherences = edges(cells.iter().map(|cell| cell.coherence));
    let shaded = cells.iter().filter(|cell| cell.fraction > 0.0);
    let tiles = shaded.map(|cell| Tile {
        x: around(&sizes, cell.batch_size),
        y: around(&coherences, cell.coherence),
        colour: Colour::shade(cell.fraction),
    });
    let most = coherences.last().map_or(0.0, |(value, _)| *value);
    let here: Vec<&Line> =
        lines.iter().filter(|line| line.learning_rate == learning_rate).collect();
    let curve_of = |(k, (_, label, dash, colour)): (usize, &(&str, &str, Dash, Colour))| -> Curve {
        curve(label, Style::reference(*colour, *dash), &here, |line| {
            let height = line.theories[k].filter(|height| (1.0..=most).contains(height))?;
            Some((line.batch_size, height, 0.0))
        })
    };
    let mut theories: Vec<Curve> = THEORIES.iter().enumerate().map(curve_of).collect();
    if sizes.len() == 1 {
        // A single point makes no line.
        let shapes = SHAPES.map(Some);
        theories.iter_mut().zip(shapes).for_each(|(curve, shape)| curve.style.marker = shape);
    }
    theories.push(extent(cells));
    Panel {
        title: format!("*η* = {learning_rate}"),
        curves: theories,
        tiles: tiles.collect(),
        ..Panel::default()
    }
}

/// Every cell, without ink: the axes show the whole grid, though no line may cross it.
fn extent(cells: &[Cell]) -> Curve {
    let style = Style::reference(BLACK, Dash::None);
    curve("", style, cells, |cell| Some((cell.batch_size, cell.coherence, 0.0)))
}

/// Every value once, ascending, with the interval that is nearer to it than to its neighbours on
/// a logarithmic axis.
fn edges(values: impl Iterator<Item = f64>) -> Vec<(f64, (f64, f64))> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let middle = |k: usize| (values[k] * values[k + 1]).sqrt();
    let last = values.len().saturating_sub(1);
    let interval = |k: usize| {
        let low = if k > 0 { middle(k - 1) } else { 0.5 * values[0] };
        let high = if k < last { middle(k) } else { 2.0 * values[last] };
        (values[k], (low, high))
    };
    (0..values.len()).map(interval).collect()
}

fn around(edges: &[(f64, (f64, f64))], value: f64) -> (f64, f64) {
    let found = edges.iter().find(|(known, _)| *known == value);
    found.map_or((value, value), |(_, interval)| *interval)
}
