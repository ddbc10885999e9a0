//! The phase diagram of \[D\]'s synthetic family: simulation as grey levels, theories as lines.
//!
//! \[D\] is Dexter et al., *A Precise Characterization of SGD Stability Using Loss Surface
//! Geometry*, ICLR 2024, <https://arxiv.org/abs/2401.12332>.

use std::path::Path;

use super::intervals::{interval_of, intervals};
use crate::figures::error::FiguresError;
use crate::figures::plotting::chart::{Axis, Chart, Curve, Panel, Point, Tile};
use crate::figures::plotting::scale::ScaleKind;
use crate::figures::plotting::style::{BLACK, Colour, Dash, Marker, OKABE_ITO, Style};
use crate::statistics::group_by;
use crate::table::{Row, Table, TableError};

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

/// Column, label, dashes and colour of every line.
const THEORIES: [(&str, &str, Dash, Colour); 4] = [
    ("theorem_1", "Theorem 1: diverges below", Dash::Dashed, OKABE_ITO[0]),
    ("mean_square", "mean square, exact", Dash::Solid, BLACK),
    // Coincides with the exact one on this family.
    ("theorem_2", "Theorem 2: need not diverge above", Dash::Dotted, OKABE_ITO[3]),
    ("almost_sure", "almost sure, *λ* = 0", Dash::Solid, OKABE_ITO[1]),
];

/// Markers of the lines that are single points; the cross leaves the coinciding square visible.
const MARKERS: [Marker; 4] = [Marker::Circle, Marker::Square, Marker::Cross, Marker::Diamond];

/// The sentence on entries of the legend that no panel shows.
const OUTSIDE: &str = "A line that is not there lies outside the axes.";

/// One panel per step size.
pub fn chart(folder: &Path) -> Result<(Chart, String), FiguresError> {
    let cells = Table::open(&folder.join("phase_diagram.csv"))?.rows(cell)?;
    let cells = group_by(cells, |cell: &Cell| cell.learning_rate);
    let lines = Table::open(&folder.join("phase_boundaries.csv"))?.rows(line)?;
    let panels = cells.iter().map(|(rate, cells)| panel(*rate, cells, &lines)).collect();
    let chart = Chart {
        title: "Where SGD diverges on a synthetic family, by simulation and by four theories"
            .to_owned(),
        x: Axis::new(ScaleKind::Log2, "batch size *B*"),
        y: Axis::new(ScaleKind::Log10, "coherence *σ*"),
        panels,
    };
    let shade =
        "Shade: fraction of the simulations that diverged, from white (none) to grey (all).";
    let missing = chart.panels.iter().flat_map(|panel| &panel.curves).any(|c| c.points.is_empty());
    let caption = if missing { format!("{shade} {OUTSIDE}") } else { shade.to_owned() };
    Ok((chart, caption))
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
            // Computed for integer σ: the boundary is between the last unstable one and the next.
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
    let sizes = intervals(cells.iter().map(|cell| cell.batch_size));
    let coherences = intervals(cells.iter().map(|cell| cell.coherence));
    let shaded = cells.iter().filter(|cell| cell.fraction > 0.0);
    let tiles = shaded.map(|cell| Tile {
        x: interval_of(&sizes, cell.batch_size),
        y: interval_of(&coherences, cell.coherence),
        colour: Colour::shade(cell.fraction),
    });
    let most = coherences.last().map_or(0.0, |(value, _)| *value);
    let here: Vec<&Line> =
        lines.iter().filter(|line| line.learning_rate == learning_rate).collect();
    let curve_of = |(k, (_, label, dash, colour)): (usize, &(&str, &str, Dash, Colour))| -> Curve {
        let point = |line: &&Line| {
            let height = line.theories[k].filter(|height| (1.0..=most).contains(height))?;
            Some(Point::exact(line.batch_size, height))
        };
        Curve::new(label, Style::line(*colour, *dash), here.iter().filter_map(point).collect())
    };
    let mut theories: Vec<Curve> = THEORIES.iter().enumerate().map(curve_of).collect();
    if sizes.len() == 1 {
        // A single point is not visible as a line.
        let markers = MARKERS.map(Some);
        theories.iter_mut().zip(markers).for_each(|(curve, marker)| curve.style.marker = marker);
    }
    theories.push(extent(cells));
    Panel {
        title: format!("*η* = {learning_rate}"),
        curves: theories,
        tiles: tiles.collect(),
        ..Panel::default()
    }
}

/// An invisible curve through all cells, so that the axes cover the whole grid.
fn extent(cells: &[Cell]) -> Curve {
    let points = cells.iter().map(|cell| Point::exact(cell.batch_size, cell.coherence));
    Curve::new("", Style::line(BLACK, Dash::None), points.collect())
}
