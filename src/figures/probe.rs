//! How far the true SGD is from a minimum some time after a perturbation, against the step size.

use std::path::Path;

use super::chart::{Axis, Chart, Curve, Panel, PowerLine, Shared};
use super::scale::Kind;
use super::style::{BLACK, DISTINCT, Dash, Marker, Style};
use super::summary::Point;
use super::{FiguresError, Outcome, layout, write_both};
use crate::table::{Row, Table};

/// One line of `probe.csv`.
struct Run {
    learning_rate: f64,
    batch_size: u64,
    /// The last distance in units of the first, if a logarithmic axis can show it.
    growth: Option<f64>,
    stays: bool,
    eta_var: f64,
    /// Of shuffled epochs, where they were followed.
    eta_var_epoch: Option<f64>,
    eta_as: Option<f64>,
}

/// Draws `probe.csv` into the folder `out`, and says what the figure leaves out.
///
/// # Errors
/// [`FiguresError`]: the CSV can't be read or is malformed, or a file can't be written.
pub fn draw_probe(csv: &Path, out: &Path) -> Result<(Outcome, Option<String>), FiguresError> {
    let mut table = Table::open(csv)?;
    let mut runs = Vec::new();
    while let Some(row) = table.next_row()? {
        runs.push(read(&row)?);
    }
    let name = "probe".to_owned();
    let repeats = runs.iter().filter(|run| Some(run.learning_rate) == first_rate(&runs)).count();
    let left_out = left_out(&runs);
    let note = format!(
        "Every marker is one run, {repeats} at each step size. {}",
        left_out.as_deref().unwrap_or_default()
    );
    match chart(&runs).and_then(|chart| layout::to_svg(&chart, &note)) {
        Some(svg) => Ok((write_both(name, &svg, out)?, left_out)),
        None => {
            let reason = "probe.csv has no rows".to_owned();
            Ok((Outcome::Skipped { name, reason }, None))
        }
    }
}

/// What has no place on a logarithmic axis.
fn left_out(runs: &[Run]) -> Option<String> {
    let (lost, all) = (runs.iter().filter(|run| run.growth.is_none()).count(), runs.len());
    (lost > 0).then(|| {
        format!("Left out: {lost} of {all} runs, whose distance is 0 or beyond all numbers.")
    })
}

fn first_rate(runs: &[Run]) -> Option<f64> {
    runs.first().map(|run| run.learning_rate)
}

fn read(row: &Row<'_>) -> Result<Run, FiguresError> {
    let distance = |column| row.signed(column).map(|value| value.filter(|value| *value > 0.0));
    let ends = (distance("initial_distance")?, distance("final_distance")?);
    Ok(Run {
        learning_rate: row.positive("learning_rate")?,
        batch_size: row.count("batch_size")?,
        growth: ends.0.zip(ends.1).map(|(first, last)| last / first),
        stays: match row.text("outcome") {
            "stays" => true,
            "leaves" => false,
            _ => return Err(row.bad("outcome", "stays or leaves").into()),
        },
        eta_var: row.positive("eta_var")?,
        eta_var_epoch: row.optional("eta_var_epoch")?,
        eta_as: row.optional("eta_as")?,
    })
}

fn chart(runs: &[Run]) -> Option<Chart> {
    let first = runs.first()?;
    let heights: Vec<f64> = runs.iter().filter_map(|run| run.growth).chain([1.0]).collect();
    let ends = (
        heights.iter().copied().fold(f64::INFINITY, f64::min),
        heights.iter().copied().fold(0.0, f64::max),
    );
    let mut curves = vec![
        outcomes("stays", runs, true, DISTINCT[0], Marker::Circle),
        outcomes("leaves", runs, false, DISTINCT[1], Marker::Cross),
    ];
    let independent = || upright("*η*_{var}, independent", first.eta_var, ends, Dash::Solid);
    curves.extend(first.eta_var_epoch.map(|_| independent()));
    let eta_var = first.eta_var_epoch.unwrap_or(first.eta_var);
    curves.push(upright("*η*_{var}", eta_var, ends, Dash::Dashed));
    curves.extend(first.eta_as.map(|eta| upright("*η*_{as}", eta, ends, Dash::Dotted)));
    let start = PowerLine {
        label: "start".to_owned(),
        style: Style::reference(super::style::GREY, Dash::Solid),
        factor: 1.0,
        exponent: 0,
    };
    Some(Chart {
        title: format!("Distance from the minimum after a perturbation, B = {}", first.batch_size),
        x: Axis::new(Kind::Log10, "step size *η*"),
        y: Axis::new(Kind::Log10, "final / initial distance"),
        panels: vec![Panel { curves, lines: vec![start], ..Panel::default() }],
    })
}

fn outcomes(
    label: &str,
    runs: &[Run],
    stays: bool,
    colour: super::style::Colour,
    marker: Marker,
) -> Curve {
    let runs = runs.iter().filter(|run| run.stays == stays);
    let points = runs.filter_map(|run| {
        let y = run.growth?;
        Some(Point { x: run.learning_rate, y, low: y, high: y, runs: 1 })
    });
    let style = Style { marker: Some(marker), ..Style::reference(colour, Dash::None) };
    Curve { label: label.to_owned(), style, shared: Shared::Nothing, points: points.collect() }
}

/// A vertical line.
fn upright(label: &str, x: f64, (low, high): (f64, f64), dash: Dash) -> Curve {
    let points = [low, high].map(|y| Point { x, y, low: y, high: y, runs: 1 });
    let style = Style::reference(BLACK, dash);
    Curve { label: label.to_owned(), style, shared: Shared::Nothing, points: points.to_vec() }
}
