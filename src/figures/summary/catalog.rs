//! The list of figures. To add one, write a function in its own file and list it in [`FIGURES`].

use std::collections::BTreeMap;

use super::caption::caption;
use super::runs::{Method, Runs};
use super::{algorithms, bounds, edge, sharpness, sharpness_vs_batch};
use crate::figures::plotting::chart::Chart;

/// A figure of one set of runs: the name of its files and its chart, or why there is none.
struct Figure {
    name: &'static str,
    chart: fn(&Runs) -> Result<Chart, String>,
}

/// All figures of a set of runs.
const FIGURES: [Figure; 4] = [
    Figure { name: "figure1a_sharpness", chart: sharpness::chart },
    Figure { name: "figure1b_sharpness_vs_batch", chart: sharpness_vs_batch::chart },
    Figure { name: "figure2_bounds", chart: bounds::chart },
    Figure { name: "edge_of_stability", chart: edge::mean_square },
];

/// Only where its columns are filled: thresholds of shuffled epochs are off by default.
const SHUFFLED: Figure = Figure { name: "edge_of_shuffled_epochs", chart: edge::shuffled_epochs };

/// A chart with its caption.
pub struct Captioned {
    pub chart: Chart,
    pub caption: String,
}

/// A figure that is ready to be drawn.
pub struct NamedChart {
    /// The name of its files.
    pub name: String,
    /// The algorithm of all curves that do not have their own.
    pub algorithm: String,
    /// The chart, or why there is none.
    pub chart: Result<Captioned, String>,
    /// The reason for skipping a chart without points.
    pub if_empty: &'static str,
}

/// The figures of every set of runs, and one that compares algorithms if there are several.
pub fn charts(sets: &BTreeMap<Method, Runs>) -> Vec<NamedChart> {
    let several = sets.len() > 1;
    let mut charts = Vec::new();
    for (method, runs) in sets {
        let named = several.then_some(method);
        charts.extend(figures_of(runs).map(|figure| named_chart(figure, method, named, runs)));
    }
    if algorithms::several(sets) {
        let caption = algorithms::CAPTION.to_owned();
        charts.push(NamedChart {
            name: algorithms::NAME.to_owned(),
            algorithm: String::new(),
            chart: algorithms::chart(sets).map(|chart| Captioned { chart, caption }),
            if_empty: "nothing is measured",
        });
    }
    charts
}

fn figures_of(runs: &Runs) -> impl Iterator<Item = &'static Figure> {
    let shuffled = runs.converged.iter().any(edge::has_shuffled_epochs);
    FIGURES.iter().chain(shuffled.then_some(&SHUFFLED))
}

/// `named` is the method if the file name and the caption have to state it.
fn named_chart(
    figure: &Figure,
    method: &Method,
    named: Option<&Method>,
    runs: &Runs,
) -> NamedChart {
    let suffix = named.map_or(String::new(), |method| format!("_{}", method.file_suffix()));
    let captioned = |chart| Captioned { caption: caption(named, runs, &chart), chart };
    NamedChart {
        name: format!("{}{suffix}", figure.name),
        algorithm: method.algorithm.clone(),
        chart: (figure.chart)(runs).map(captioned),
        if_empty: "the column `sharpness_gn` is empty",
    }
}
