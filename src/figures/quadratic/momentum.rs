//! Where E‖θ‖² of SGD with momentum grows over (B, m): simulation as grey levels, the exact thresholds as lines.

use std::path::Path;

use super::intervals::{interval_of, intervals};
use crate::figures::error::FiguresError;
use crate::figures::plotting::chart::{Axis, Chart, Curve, Panel, Point, Tile};
use crate::figures::plotting::scale::ScaleKind;
use crate::figures::plotting::style::{BLACK, Colour, Dash, OKABE_ITO, Style};
use crate::statistics::group_by;
use crate::table::{Row, Table, TableError};

struct Cell {
    effective: f64,
    batch_size: f64,
    /// 1/(1 − m).
    memory: f64,
    /// log η*_var/η and log η*_mean/η.
    margins: [f64; 2],
    grew: f64,
}

/// One panel per η/(1 − m).
pub fn chart(folder: &Path) -> Result<(Chart, String), FiguresError> {
    let cells = Table::open(&folder.join("momentum_diagram.csv"))?.rows(cell)?;
    let panels = group_by(cells, |cell: &Cell| cell.effective);
    let chart = Chart {
        title: "Where the second moment of SGD with momentum grows, by simulation and exactly"
            .to_owned(),
        x: Axis::new(ScaleKind::Log2, "batch size *B*"),
        y: Axis::new(ScaleKind::Log2, "memory of the velocity 1/(1 − *m*)"),
        panels: panels.iter().map(|(effective, cells)| panel(*effective, cells)).collect(),
    };
    let caption = "Shade: fraction of the simulated populations whose second moment grew, from \
                   white (none) to grey (all). A line that is not there lies outside the axes.";
    Ok((chart, caption.to_owned()))
}

fn cell(row: &Row<'_>) -> Result<Cell, TableError> {
    let rate = row.positive("learning_rate")?;
    Ok(Cell {
        effective: row.positive("effective_learning_rate")?,
        batch_size: row.positive("batch_size")?,
        memory: 1.0 / (1.0 - row.signed("momentum")?.unwrap_or(0.0)),
        margins: [(row.positive("eta_var")? / rate).ln(), (row.positive("eta_mean")? / rate).ln()],
        grew: row.signed("fraction_grew")?.unwrap_or(0.0),
    })
}

fn panel(effective: f64, cells: &[Cell]) -> Panel {
    let sizes = intervals(cells.iter().map(|cell| cell.batch_size));
    let memories = intervals(cells.iter().map(|cell| cell.memory));
    let shaded = cells.iter().filter(|cell| cell.grew > 0.0);
    let tiles = shaded.map(|cell| Tile {
        x: interval_of(&sizes, cell.batch_size),
        y: interval_of(&memories, cell.memory),
        colour: Colour::shade(cell.grew),
    });
    let mut edge = Vec::new();
    for (memory, _) in memories.iter().rev() {
        let row = cells.iter().filter(|cell| cell.memory == *memory);
        let points: Vec<(f64, f64)> = row.map(|cell| (cell.batch_size, cell.margins[0])).collect();
        edge.extend(crossing(&points).map(|size| Point::exact(size, *memory)));
    }
    let column = |size: f64| -> Option<Point> {
        let column = cells.iter().filter(|cell| cell.batch_size == size);
        let points: Vec<(f64, f64)> = column.map(|cell| (cell.memory, cell.margins[1])).collect();
        Some(Point::exact(size, crossing(&points)?))
    };
    let full_batch = sizes.iter().filter_map(|(size, _)| column(*size)).collect();
    let corners = cells.iter().map(|cell| Point::exact(cell.batch_size, cell.memory));
    Panel {
        title: format!("*η*/(1 − *m*) = {effective}"),
        curves: vec![
            Curve::new("mean square, exact", Style::line(BLACK, Dash::Solid), edge),
            Curve::new("full batch", Style::line(OKABE_ITO[1], Dash::Dashed), full_batch),
            // Invisible, so that the axes cover the whole grid.
            Curve::new("", Style::line(BLACK, Dash::None), corners.collect()),
        ],
        tiles: tiles.collect(),
        ..Panel::default()
    }
}

/// Where the margin of `points`, ascending, rises through 0, by interpolation over log x.
fn crossing(points: &[(f64, f64)]) -> Option<f64> {
    points.windows(2).find_map(|pair| {
        let [(a, below), (b, above)] = [pair[0], pair[1]];
        (below < 0.0 && above >= 0.0).then(|| a * (b / a).powf(below / (below - above)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_crossed_between_its_neighbours() {
        assert_eq!(crossing(&[(1.0, -2.0), (2.0, -1.0), (8.0, 1.0), (9.0, 3.0)]), Some(4.0));
        assert_eq!(crossing(&[(1.0, 0.5), (2.0, 1.0)]), None);
    }
}
