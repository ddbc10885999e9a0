//! The distance of the true SGD from a minimum some time after a perturbation, against the step size.

use std::path::Path;

use super::error::FiguresError;
use super::files::{self, FigureOutcome};
use super::plotting::chart::{Axis, Chart, Curve, Panel, Point, ReferenceLine};
use super::plotting::scale::ScaleKind;
use super::plotting::style::{BLACK, Colour, Dash, GREY, Marker, OKABE_ITO, Style};
use crate::table::{Row, Table};

/// One line of `probe.csv`.
struct Run {
    learning_rate: f64,
    batch_size: u64,
    /// Final distance divided by the initial one; `None` if a logarithmic axis cannot show it.
    growth: Option<f64>,
    stays: bool,
    /// η*_var of independent batches.
    eta_var: f64,
    /// η*_var of shuffled epochs, if the runs drew their batches so.
    eta_var_epoch: Option<f64>,
    eta_as: Option<f64>,
}

/// Draws `probe.csv` into the folder `out`. Also returns a sentence on the runs that the figure leaves
/// out.
///
/// # Errors
/// [`FiguresError`]: the CSV can't be read or is malformed, or a file can't be written.
pub fn draw_probe(csv: &Path, out: &Path) -> Result<(FigureOutcome, Option<String>), FiguresError> {
    let runs = Table::open(csv)?.rows(read)?;
    let repeats = runs.iter().filter(|run| run.learning_rate == runs[0].learning_rate).count();
    let left_out = left_out(&runs);
    let caption = format!(
        "Every marker is one run, {repeats} at each step size. {}",
        left_out.as_deref().unwrap_or_default()
    );
    let outcome = files::draw("probe", &chart(&runs), &caption, out, "probe.csv has no rows")?;
    Ok((outcome, left_out))
}

/// Runs that a logarithmic axis cannot show.
fn left_out(runs: &[Run]) -> Option<String> {
    let (lost, all) = (runs.iter().filter(|run| run.growth.is_none()).count(), runs.len());
    (lost > 0).then(|| {
        format!("Left out: {lost} of {all} runs, whose distance is 0 or beyond all numbers.")
    })
}

fn read(row: &Row<'_>) -> Result<Run, FiguresError> {
    let distance = |column| row.signed(column).map(|value| value.filter(|value| *value > 0.0));
    let (initial, last) = (distance("initial_distance")?, distance("final_distance")?);
    Ok(Run {
        learning_rate: row.positive("learning_rate")?,
        batch_size: row.count("batch_size")?,
        growth: initial.zip(last).map(|(initial, last)| last / initial),
        stays: match row.text("outcome") {
            "stays" => true,
            "leaves" => false,
            _ => return Err(row.cell_error("outcome", "stays or leaves").into()),
        },
        eta_var: row.positive("eta_var")?,
        eta_var_epoch: row.optional("eta_var_epoch")?,
        eta_as: row.optional("eta_as")?,
    })
}

fn chart(runs: &[Run]) -> Chart {
    let panels = runs.first().map(|first| panel(first, runs));
    let batch_size = runs.first().map_or(0, |first| first.batch_size);
    Chart {
        title: format!("Distance from the minimum after a perturbation, B = {batch_size}"),
        x: Axis::new(ScaleKind::Log10, "step size *η*"),
        y: Axis::new(ScaleKind::Log10, "final / initial distance"),
        panels: panels.into_iter().collect(),
    }
}

/// `first` is one of `runs`; they all share its thresholds.
fn panel(first: &Run, runs: &[Run]) -> Panel {
    let heights: Vec<f64> = runs.iter().filter_map(|run| run.growth).chain([1.0]).collect();
    let lowest = heights.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = heights.iter().copied().fold(0.0, f64::max);
    let vertical = |label: &str, x: f64, dash: Dash| {
        let points = vec![Point::exact(x, lowest), Point::exact(x, highest)];
        Curve::new(label, Style::line(BLACK, dash), points)
    };
    let mut curves = vec![
        outcomes("stays", runs, true, OKABE_ITO[0], Marker::Circle),
        outcomes("leaves", runs, false, OKABE_ITO[1], Marker::Cross),
    ];
    let independent = || vertical("*η*_{var}, independent", first.eta_var, Dash::Solid);
    curves.extend(first.eta_var_epoch.map(|_| independent()));
    let eta_var = first.eta_var_epoch.unwrap_or(first.eta_var);
    curves.push(vertical("*η*_{var}", eta_var, Dash::Dashed));
    curves.extend(first.eta_as.map(|eta| vertical("*η*_{as}", eta, Dash::Dotted)));
    let start = ReferenceLine::horizontal("start", Style::line(GREY, Dash::Solid), 1.0);
    Panel { curves, lines: vec![start], ..Panel::default() }
}

fn outcomes(label: &str, runs: &[Run], stays: bool, colour: Colour, marker: Marker) -> Curve {
    let runs = runs.iter().filter(|run| run.stays == stays);
    let points = runs.filter_map(|run| Some(Point::exact(run.learning_rate, run.growth?)));
    Curve::new(label, Style::markers(colour, marker), points.collect())
}
