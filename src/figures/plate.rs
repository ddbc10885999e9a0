//! The figures for a page on a screen: the drawing, and which runs lie where.

use std::collections::BTreeMap;
use std::path::Path;

use super::chart::{Chart, Curve, Shared};
use super::error::FiguresError;
use super::layout::{Drawing, lay_out};
use super::markup::plain;
use super::notes::notes;
use super::runs;
use super::{algorithms, figures};
use crate::table::Table;

/// Every figure of a CSV.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plates {
    pub drawn: Vec<Plate>,
    /// The figures that the CSV lacks the data for, each with the reason.
    pub skipped: Vec<(String, String)>,
}

/// One figure, drawn but not written.
#[derive(Debug, Clone, PartialEq)]
pub struct Plate {
    /// As the name of its files.
    pub name: String,
    /// One plain sentence.
    pub title: String,
    /// How many plots it has.
    pub panels: usize,
    /// The same document as its file.
    pub svg: String,
    /// Width and height in the SVG's own unit.
    pub size: (f64, f64),
    pub targets: Vec<Target>,
    /// The data colours of the SVG, each with its like for dark paper.
    pub colours: BTreeMap<String, String>,
}

/// One point of a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// In the SVG's own unit.
    pub at: (f64, f64),
    /// The curve's label in plain text.
    pub curve: String,
    /// η of the runs behind the point.
    pub learning_rate: f64,
    /// B of the runs behind the point.
    pub batch_size: u64,
    /// How the runs behind the point make a step, as the CSV has it.
    pub algorithm: String,
}

/// Draws every figure that the rows of `csv` have the data for; `path` is what complaints call it.
///
/// # Errors
/// Those of [`super::draw_all`], apart from writing.
pub fn plates(csv: &[u8], path: &Path) -> Result<Plates, FiguresError> {
    let sets = runs::read(Table::new(path, csv)?)?;
    let several = sets.len() > 1;
    let mut plates = Plates::default();
    for (method, runs) in &sets {
        for figure in figures(runs) {
            let told = several.then_some(method);
            let suffix = told.map_or(String::new(), |told| format!("_{}", told.file_suffix()));
            let name = format!("{}{suffix}", figure.name);
            let chart = (figure.chart)(runs);
            let chart = chart.map(|chart| (notes(told, runs, &chart), chart));
            plates.add(name, &method.algorithm, chart);
        }
    }
    if algorithms::several(&sets) {
        let chart = algorithms::chart(&sets).map(|chart| (algorithms::NOTE.to_owned(), chart));
        plates.add(algorithms::NAME.to_owned(), "", chart);
    }
    Ok(plates)
}

impl Plates {
    /// Draws `chart` with its small print; `algorithm` is that of curves that don't tell theirs.
    fn add(&mut self, name: String, algorithm: &str, chart: Result<(String, Chart), String>) {
        let drawn = chart.and_then(|(notes, chart)| {
            let drawing = lay_out(&chart, &notes);
            let drawing = drawing.ok_or_else(|| "the column `sharpness_gn` is empty".to_owned())?;
            Ok(plate(name.clone(), algorithm, chart, drawing))
        });
        match drawn {
            Ok(plate) => self.drawn.push(plate),
            Err(reason) => self.skipped.push((name, reason)),
        }
    }
}

fn plate(name: String, algorithm: &str, chart: Chart, drawing: Drawing) -> Plate {
    Plate {
        name,
        targets: targets(&chart, &drawing, algorithm),
        colours: colours(&chart),
        panels: chart.panels.len(),
        title: chart.title,
        svg: drawing.svg,
        size: drawing.size,
    }
}

fn targets(chart: &Chart, drawing: &Drawing, algorithm: &str) -> Vec<Target> {
    let curves = chart.panels.iter().flat_map(|panel| &panel.curves);
    let places = drawing.places.iter().flatten();
    curves.zip(places).flat_map(|(curve, places)| of_curve(curve, places, algorithm)).collect()
}

fn of_curve(curve: &Curve, places: &[(f64, f64)], algorithm: &str) -> Vec<Target> {
    let target = |(point, &at): (&super::summary::Point, &(f64, f64))| {
        let (learning_rate, batch_size, algorithm) = match &curve.shared {
            Shared::BatchSize(size) => (point.x, *size, algorithm),
            Shared::BatchSizeAndAlgorithm(size, own) => (point.x, *size, own.as_str()),
            // The abscissa of a batch size is a whole number.
            Shared::StepSize(rate) => (*rate, point.x as u64, algorithm),
            Shared::Nothing => return None,
        };
        let (curve, algorithm) = (plain(&curve.label), algorithm.to_owned());
        Some(Target { at, curve, learning_rate, batch_size, algorithm })
    };
    curve.points.iter().zip(places).filter_map(target).collect()
}

fn colours(chart: &Chart) -> BTreeMap<String, String> {
    let of = |colour: super::style::Colour| (colour.to_string(), colour.on_dark().to_string());
    let curves = chart.panels.iter().flat_map(|panel| &panel.curves);
    curves.map(|curve| of(curve.style.colour)).collect()
}
