//! The loss of SGD above that of a minimum at the stationary state: \[M\] Cor 13 and the network itself.

use std::collections::BTreeSet;
use std::path::Path;

use super::error::FiguresError;
use super::files::{self, FigureOutcome};
use super::plotting::chart::{Axis, Chart, Curve, Panel, Point};
use super::plotting::scale::ScaleKind;
use super::plotting::style::{Dash, Marker, OKABE_ITO, Style};
use crate::table::{Row, Table};

/// One line of `stationary.csv`, restricted to what a logarithmic axis can show.
struct Line {
    batch_size: u64,
    learning_rate: f64,
    theory: Option<f64>,
    measured: Option<f64>,
    error: Option<f64>,
    /// Whether one of its numbers cannot be shown.
    incomplete: bool,
}

/// Draws `stationary.csv` into the folder `out`. Also returns a sentence on the points that the figure
/// leaves out.
///
/// # Errors
/// [`FiguresError`]: the CSV can't be read or is malformed, or a file can't be written.
pub fn draw_stationary(
    csv: &Path,
    out: &Path,
) -> Result<(FigureOutcome, Option<String>), FiguresError> {
    let lines = Table::open(csv)?.rows(read)?;
    let left_out = left_out(&lines);
    let caption = format!(
        "Lines: Corollary 13. Markers: the network, with bars of two standard errors. {}",
        left_out.as_deref().unwrap_or_default()
    );
    let lack = if lines.is_empty() { "has no rows" } else { "has no loss gap above 0" };
    let if_empty = format!("stationary.csv {lack}");
    let outcome = files::draw("stationary", &chart(&lines), &caption, out, &if_empty)?;
    let is_drawn = matches!(outcome, FigureOutcome::Drawn { .. });
    Ok((outcome, left_out.filter(|_| is_drawn)))
}

fn read(row: &Row<'_>) -> Result<Line, FiguresError> {
    let (theory, measured) = (row.signed("loss_gap_theory")?, row.signed("loss_gap_measured")?);
    let positive = |gap: Option<f64>| gap.filter(|gap| *gap > 0.0);
    // Where the theory has no gap, the measured one is rounding.
    let is_rounding = theory == Some(0.0);
    let shown = positive(measured).filter(|_| !is_rounding);
    Ok(Line {
        batch_size: row.count("batch_size")?,
        learning_rate: row.positive("learning_rate")?,
        theory: positive(theory),
        measured: shown,
        error: row.signed("loss_gap_error")?,
        incomplete: positive(theory) != theory || shown != measured,
    })
}

fn left_out(lines: &[Line]) -> Option<String> {
    let (count, all) = (lines.iter().filter(|line| line.incomplete).count(), lines.len());
    (count > 0).then(|| format!("Left out: {count} of {all} points, no higher than 0 or rounding."))
}

fn chart(lines: &[Line]) -> Chart {
    let sizes: BTreeSet<u64> = lines.iter().map(|line| line.batch_size).collect();
    let curves = sizes.iter().enumerate().flat_map(|(k, &size)| {
        let of_size: Vec<&Line> = lines.iter().filter(|line| line.batch_size == size).collect();
        curves(k, size, &of_size)
    });
    Chart {
        title: "Loss above the minimum's at the stationary state, against the step size".to_owned(),
        x: Axis::new(ScaleKind::Log10, "step size *η*"),
        y: Axis::new(ScaleKind::Log10, "mean loss above the minimum's"),
        panels: vec![Panel {
            curves: curves.filter(|curve| !curve.points.is_empty()).collect(),
            ..Panel::default()
        }],
    }
}

/// Theory as a line, the network as markers of the same colour.
fn curves(k: usize, size: u64, lines: &[&Line]) -> [Curve; 2] {
    let colour = OKABE_ITO[k % OKABE_ITO.len()];
    let theory = lines.iter().filter_map(|l| Some(Point::exact(l.learning_rate, l.theory?)));
    let measured = lines.iter().filter_map(|line| {
        let y = line.measured?;
        let point = Point::with_error(line.learning_rate, y, line.error.unwrap_or(0.0));
        // A logarithmic axis cannot show an error bar down to 0.
        Some(Point { low: point.low.max(0.1 * y), ..point })
    });
    let markers = Style::markers(colour, Marker::nth(k));
    [
        Curve::new("", Style::line(colour, Dash::Solid), theory.collect()),
        Curve::new(&format!("*B* = {size}"), markers, measured.collect()),
    ]
}
