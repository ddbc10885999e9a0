//! Our sharpness and bound (17) over the published curves, one panel per batch size.

use std::collections::BTreeSet;
use std::path::Path;

use super::chart::{Axis, Chart, Curve, Panel, Shared};
use super::common::two_over_eta;
use super::scale::Kind;
use super::style::{DISTINCT, Dash, Marker, Style};
use super::summary::summarise;
use super::{FiguresError, Outcome, layout, write_both};
use crate::compare::{Published, Run};

/// Draws the comparison into the folder `out`.
///
/// # Errors
/// [`FiguresError`]: a file can't be written.
pub fn draw_comparison(
    runs: &[Run],
    published: &[Published],
    out: &Path,
) -> Result<Outcome, FiguresError> {
    let name = "comparison".to_owned();
    let sizes: BTreeSet<usize> = runs.iter().map(|run| run.batch_size).collect();
    let panels: Vec<Panel> =
        sizes.into_iter().filter_map(|size| panel(size, runs, published)).collect();
    let chart = Chart {
        title: "Our minima beside the published ones".to_owned(),
        x: Axis::new(Kind::Log10, "step size *η*"),
        y: Axis::new(Kind::Log10, "sharpness and bound (17)"),
        panels,
    };
    let note = "Lines: Mulayoff & Michaeli (COLT 2024). Markers: our converged runs.";
    match layout::to_svg(&chart, note) {
        Some(svg) => write_both(name, &svg, out),
        None => Ok(Outcome::Skipped { name, reason: "no run has converged".to_owned() }),
    }
}

fn panel(batch_size: usize, runs: &[Run], published: &[Published]) -> Option<Panel> {
    let curve: Vec<&Published> =
        published.iter().filter(|point| point.batch_size == batch_size).collect();
    let runs: Vec<&Run> = runs
        .iter()
        .filter(|run| run.batch_size == batch_size && run.stop_reason == "converged")
        .collect();
    let theirs = |k: usize, of: fn(&Published) -> f64| Curve {
        label: String::new(),
        style: Style::reference(DISTINCT[k], Dash::Solid),
        shared: Shared::Nothing,
        points: summarise(curve.iter().map(|point| (point.learning_rate, of(point).into()))),
    };
    let ours = |k: usize, label: &str, marker, of: fn(&Run) -> Option<f64>| Curve {
        label: label.to_owned(),
        style: Style { marker: Some(marker), ..Style::reference(DISTINCT[k], Dash::None) },
        shared: Shared::Nothing,
        points: summarise(runs.iter().filter_map(|run| Some((run.learning_rate, of(run)?.into())))),
    };
    (!curve.is_empty()).then(|| Panel {
        title: format!("*B* = {batch_size}"),
        curves: vec![
            theirs(0, |point| point.sharpness),
            theirs(1, |point| point.bound_17),
            ours(0, "sharpness *λ*_{max}(*H*)", Marker::Circle, |run| run.sharpness_gn),
            ours(1, "lower bound (17)", Marker::Square, |run| run.bound_17),
        ],
        lines: vec![two_over_eta()],
        ..Panel::default()
    })
}
