//! The figures for an interactive page: SVG in memory, with the runs of every point.

use std::collections::BTreeMap;
use std::path::Path;

use super::catalog::{Captioned, NamedChart, charts};
use super::runs::{self, Method, Runs};
use crate::figures::error::FiguresError;
use crate::figures::plotting::canvas::Position;
use crate::figures::plotting::chart::{Chart, Curve, FixedSettings, Point};
use crate::figures::plotting::layout::{Drawing, render};
use crate::figures::plotting::markup::plain;
use crate::figures::plotting::style::Colour;
use crate::summary_csv::Facet;
use crate::table::Table;

/// The figures of a CSV.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbeddedFigures {
    pub drawn: Vec<EmbeddedFigure>,
    /// Name and reason of every figure that the CSV lacks the data for.
    pub skipped: Vec<(String, String)>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddedFigure {
    /// The name of its files, if it were written.
    pub name: String,
    /// One plain sentence.
    pub title: String,
    /// The number of panels.
    pub panels: usize,
    /// The same document as the SVG file.
    pub svg: String,
    /// (width, height) in the SVG's unit.
    pub size: (f64, f64),
    pub targets: Vec<PointTarget>,
    /// The colours of the curves, each with the colour for a dark background.
    pub colours: BTreeMap<String, String>,
}

/// One point of a curve and the runs that it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct PointTarget {
    /// In the SVG's unit.
    pub at: (f64, f64),
    /// The curve's label in plain text.
    pub curve: String,
    /// η of the runs.
    pub learning_rate: f64,
    /// B of the runs.
    pub batch_size: usize,
    /// The identities of the runs, converged or not.
    pub runs: Vec<String>,
}

/// Draws every figure that the rows of `csv` have the data for; `path` names the CSV in errors.
///
/// # Errors
/// Those of [`super::draw_all`], apart from writing.
pub fn embedded_figures(csv: &[u8], path: &Path) -> Result<EmbeddedFigures, FiguresError> {
    let sets = runs::read(Table::new(path, csv)?)?;
    let mut figures = EmbeddedFigures::default();
    for NamedChart { name, algorithm, facets, chart, if_empty } in charts(&sets) {
        let drawn = chart.and_then(|Captioned { chart, caption }| {
            let drawing = render(&chart, &caption).ok_or_else(|| if_empty.to_owned())?;
            let known = Known { sets: &sets, algorithm: &algorithm, facets: &facets };
            Ok(embed(name.clone(), known, chart, drawing))
        });
        match drawn {
            Ok(figure) => figures.drawn.push(figure),
            Err(reason) => figures.skipped.push((name, reason)),
        }
    }
    Ok(figures)
}

/// Which runs the curves of a figure show.
#[derive(Clone, Copy)]
struct Known<'f> {
    sets: &'f BTreeMap<Method, Runs>,
    /// Of all curves that do not have their own.
    algorithm: &'f str,
    /// Of every panel, or of all if there is one.
    facets: &'f [Facet],
}

impl Known<'_> {
    /// The runs at one step size and batch size of a panel.
    fn runs(self, panel: usize, algorithm: &str, rate: f64, batch_size: usize) -> Vec<String> {
        let facet = self.facets.get(panel).or(self.facets.first());
        let sets = self.sets.iter().filter(|(method, _)| {
            method.algorithm == algorithm && facet.is_none_or(|facet| *facet == method.facet)
        });
        let runs = sets.filter_map(|(_, runs)| runs.identities.get(&(rate.to_bits(), batch_size)));
        runs.flatten().cloned().collect()
    }
}

fn embed(name: String, known: Known<'_>, chart: Chart, drawing: Drawing) -> EmbeddedFigure {
    EmbeddedFigure {
        name,
        targets: targets(&chart, &drawing, known),
        colours: colours(&chart),
        panels: chart.panels.len(),
        title: chart.title,
        svg: drawing.svg,
        size: drawing.size,
    }
}

fn targets(chart: &Chart, drawing: &Drawing, known: Known<'_>) -> Vec<PointTarget> {
    let mut targets = Vec::new();
    for (i, (panel, positions)) in chart.panels.iter().zip(&drawing.positions).enumerate() {
        for (curve, positions) in panel.curves.iter().zip(positions) {
            targets.extend(targets_of_curve(curve, positions, i, known));
        }
    }
    targets
}

fn targets_of_curve(
    curve: &Curve,
    positions: &[Position],
    panel: usize,
    known: Known<'_>,
) -> Vec<PointTarget> {
    let target = |(point, &at): (&Point, &Position)| {
        let (learning_rate, batch_size, algorithm) = match &curve.fixed {
            FixedSettings::BatchSize(size) => (point.x, *size, known.algorithm),
            FixedSettings::BatchSizeAndAlgorithm(size, own) => (point.x, *size, own.as_str()),
            FixedSettings::StepSize(rate) => (*rate, point.x as usize, known.algorithm),
            FixedSettings::None => return None,
        };
        let runs = known.runs(panel, algorithm, learning_rate, batch_size);
        Some(PointTarget { at, curve: plain(&curve.label), learning_rate, batch_size, runs })
    };
    curve.points.iter().zip(positions).filter_map(target).collect()
}

fn colours(chart: &Chart) -> BTreeMap<String, String> {
    let of = |colour: Colour| (colour.to_string(), colour.on_dark().to_string());
    let curves = chart.panels.iter().flat_map(|panel| &panel.curves);
    curves.map(|curve| of(curve.style.colour)).collect()
}
