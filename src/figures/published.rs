//! Our sharpness and bound (17) compared with the published curves, one panel per batch size.

use std::collections::BTreeSet;
use std::path::Path;

use super::error::FiguresError;
use super::files::{self, FigureOutcome};
use super::plotting::chart::{Axis, Chart, Curve, Panel, ReferenceLine};
use super::plotting::scale::ScaleKind;
use super::plotting::style::{Dash, Marker, OKABE_ITO, Style};
use super::seeds::aggregate;
use super::summary::facets::{Named, named};
use crate::compare::{PublishedPoint, by_facet};
use crate::summary_csv::SummaryRow;

/// Draws the comparison, one for every combination of settings on further axes, into the folder `out`.
///
/// # Errors
/// [`FiguresError`]: a file can't be written.
pub fn draw_comparison(
    runs: &[SummaryRow],
    published: &[PublishedPoint],
    out: &Path,
) -> Result<Vec<FigureOutcome>, FiguresError> {
    let (_, facets) = named(by_facet(runs).into_iter().collect());
    let draw = |facet: Named<Vec<&SummaryRow>>| {
        let about = facet.about.map_or_else(String::new, |about| format!(" {about}."));
        let caption = format!("{CAPTION}{about}");
        let name = format!("comparison{}", facet.suffix);
        files::draw(&name, &chart(&facet.runs, published), &caption, out, "no run has converged")
    };
    facets.into_iter().map(draw).collect()
}

const CAPTION: &str = "Lines: Mulayoff & Michaeli (COLT 2024). Markers: our converged runs.";

fn chart(runs: &[&SummaryRow], published: &[PublishedPoint]) -> Chart {
    let sizes: BTreeSet<usize> = runs.iter().map(|run| run.batch_size).collect();
    let panels: Vec<Panel> =
        sizes.into_iter().filter_map(|size| panel(size, runs, published)).collect();
    Chart {
        title: "Our minima beside the published ones".to_owned(),
        x: Axis::new(ScaleKind::Log10, "step size *η*"),
        y: Axis::new(ScaleKind::Log10, "sharpness and bound (17)"),
        panels,
    }
}

fn panel(batch_size: usize, runs: &[&SummaryRow], published: &[PublishedPoint]) -> Option<Panel> {
    let published: Vec<&PublishedPoint> =
        published.iter().filter(|point| point.batch_size == batch_size).collect();
    let runs: Vec<&SummaryRow> = runs
        .iter()
        .copied()
        .filter(|run| run.batch_size == batch_size && run.stop_reason == "converged")
        .collect();
    let line = |k: usize, quantity: fn(&PublishedPoint) -> f64| {
        let pairs = published.iter().map(|point| (point.learning_rate, quantity(point).into()));
        Curve::new("", Style::line(OKABE_ITO[k], Dash::Solid), aggregate(pairs))
    };
    let markers = |k: usize, label, marker, quantity: fn(&SummaryRow) -> Option<f64>| {
        let pairs = runs.iter().filter_map(|run| Some((run.learning_rate, quantity(run)?.into())));
        Curve::new(label, Style::markers(OKABE_ITO[k], marker), aggregate(pairs))
    };
    (!published.is_empty()).then(|| Panel {
        title: format!("*B* = {batch_size}"),
        curves: vec![
            line(0, |point| point.sharpness),
            line(1, |point| point.bound_17),
            markers(0, "sharpness *λ*_{max}(*H*)", Marker::Circle, |run| run.sharpness_gn),
            markers(1, "lower bound (17)", Marker::Square, |run| run.bound_17),
        ],
        lines: ReferenceLine::edges(runs.first().map(|run| run.optimizer).unwrap_or_default()),
        ..Panel::default()
    })
}
