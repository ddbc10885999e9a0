//! How far above a minimum's loss SGD hovers: \[M\] Cor 13 against the network itself.

use std::path::Path;

use super::chart::{Axis, Chart, Curve, Panel, Shared};
use super::scale::Kind;
use super::style::{DISTINCT, Dash, Marker, Style};
use super::summary::Point;
use super::{FiguresError, Outcome, layout, write_both};
use crate::table::{Row, Table};

/// One line of `stationary.csv`, with what of it has a place on a logarithmic axis.
struct Line {
    batch_size: u64,
    learning_rate: f64,
    theory: Option<f64>,
    measured: Option<f64>,
    error: Option<f64>,
    /// Whether a number of it has none.
    cut: bool,
}

/// Draws `stationary.csv` into the folder `out`, and says what the figure leaves out.
///
/// # Errors
/// [`FiguresError`]: the CSV can't be read or is malformed, or a file can't be written.
pub fn draw_stationary(csv: &Path, out: &Path) -> Result<(Outcome, Option<String>), FiguresError> {
    let mut table = Table::open(csv)?;
    let mut lines = Vec::new();
    while let Some(row) = table.next_row()? {
        lines.push(read(&row)?);
    }
    let name = "stationary".to_owned();
    let left_out = left_out(&lines);
    let note = format!(
        "Lines: Corollary 13. Markers: the network, with bars of two standard errors. {}",
        left_out.as_deref().unwrap_or_default()
    );
    if let Some(svg) = layout::to_svg(&chart(&lines), &note) {
        return Ok((write_both(name, &svg, out)?, left_out));
    }
    let lack = if lines.is_empty() { "has no rows" } else { "has no loss gap above 0" };
    Ok((Outcome::Skipped { name, reason: format!("stationary.csv {lack}") }, None))
}

fn read(row: &Row<'_>) -> Result<Line, FiguresError> {
    let (theory, measured) = (row.signed("loss_gap_theory")?, row.signed("loss_gap_measured")?);
    let positive = |gap: Option<f64>| gap.filter(|gap| *gap > 0.0);
    // Where the theory has no gap at all, what is measured is rounding.
    let is_rounding = theory == Some(0.0);
    let shown = positive(measured).filter(|_| !is_rounding);
    Ok(Line {
        batch_size: row.count("batch_size")?,
        learning_rate: row.positive("learning_rate")?,
        theory: positive(theory),
        measured: shown,
        error: row.signed("loss_gap_error")?,
        cut: positive(theory) != theory || shown != measured,
    })
}

fn left_out(lines: &[Line]) -> Option<String> {
    let (cut, all) = (lines.iter().filter(|line| line.cut).count(), lines.len());
    (cut > 0).then(|| format!("Left out: {cut} of {all} points, no higher than 0 or rounding."))
}

fn chart(lines: &[Line]) -> Chart {
    let mut sizes: Vec<u64> = lines.iter().map(|line| line.batch_size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let curves = sizes.iter().enumerate().flat_map(|(k, &size)| {
        let of_size: Vec<&Line> = lines.iter().filter(|line| line.batch_size == size).collect();
        curves(k, size, &of_size)
    });
    Chart {
        title: "Loss above the minimum's at the stationary state, against the step size".to_owned(),
        x: Axis::new(Kind::Log10, "step size *η*"),
        y: Axis::new(Kind::Log10, "mean loss above the minimum's"),
        panels: vec![Panel {
            curves: curves.filter(|curve| !curve.points.is_empty()).collect(),
            ..Panel::default()
        }],
    }
}

/// Theory as a line, the network as markers of the same colour.
fn curves(k: usize, size: u64, lines: &[&Line]) -> [Curve; 2] {
    let colour = DISTINCT[k % DISTINCT.len()];
    let theory = Style::reference(colour, Dash::Solid);
    let marker = Style { marker: Some(Marker::nth(k)), ..Style::reference(colour, Dash::None) };
    let point = |x: f64, y: f64, error: f64| {
        // A bar down to 0 has no place on a logarithmic axis.
        let low = (y - 2.0 * error).max(0.1 * y);
        Point { x, y, low, high: y + 2.0 * error, runs: 1 }
    };
    let expected = lines.iter().filter_map(|l| Some(point(l.learning_rate, l.theory?, 0.0)));
    let found = lines
        .iter()
        .filter_map(|l| Some(point(l.learning_rate, l.measured?, l.error.unwrap_or(0.0))));
    let curve =
        |label: String, style, points| Curve { label, style, shared: Shared::Nothing, points };
    [
        curve(String::new(), theory, expected.collect()),
        curve(format!("*B* = {size}"), marker, found.collect()),
    ]
}
