//! The list of figures. To add one, write a function in its own file and list it in [`FIGURES`].

use std::collections::BTreeMap;

use super::caption::caption;
use super::facets::{self, Facets};
use super::runs::{Method, Runs};
use super::{algorithms, bounds, edge, sharpness, sharpness_vs_batch};
use crate::figures::plotting::chart::Chart;
use crate::summary_csv::Facet;

/// A figure of one set of runs: the name of its files and its chart, or why there is none.
pub struct Figure {
    name: &'static str,
    pub chart: fn(&Runs) -> Result<Chart, String>,
    /// Whether the chart has one panel, so that further axes can have one each.
    has_one_panel: bool,
}

/// All figures of a set of runs.
const FIGURES: [Figure; 4] = [
    Figure { name: "figure1a_sharpness", chart: sharpness::chart, has_one_panel: true },
    Figure {
        name: "figure1b_sharpness_vs_batch",
        chart: sharpness_vs_batch::chart,
        has_one_panel: true,
    },
    Figure { name: "figure2_bounds", chart: bounds::chart, has_one_panel: false },
    Figure { name: "edge_of_stability", chart: edge::mean_square, has_one_panel: true },
];

/// Only where its columns are filled: thresholds of shuffled epochs are off by default.
const SHUFFLED: Figure =
    Figure { name: "edge_of_shuffled_epochs", chart: edge::shuffled_epochs, has_one_panel: false };

/// A chart with its caption, in markup.
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
    /// The settings on further axes: those of every panel, or of all if there is one.
    pub facets: Vec<Facet>,
    /// The chart, or why there is none.
    pub chart: Result<Captioned, String>,
    /// The reason for skipping a chart without points.
    pub if_empty: &'static str,
}

/// The names of all figures of one set of runs.
pub fn figure_names() -> impl Iterator<Item = &'static str> {
    FIGURES.iter().chain([&SHUFFLED]).map(|figure| figure.name).chain([algorithms::NAME])
}

/// The figures of every set of runs, and one that compares algorithms if there are several. Further axes
/// have a panel, or a figure, for each of their values.
pub fn charts(sets: &BTreeMap<Method, Runs>) -> Vec<NamedChart> {
    let methods = facets::by_method(sets);
    let several = methods.len() > 1;
    let mut charts = Vec::new();
    for facets in &methods {
        let named = several.then_some(&facets.method);
        for figure in figures_of(facets) {
            if figure.has_one_panel && facets.fit_into_one_figure() {
                charts.push(one_figure(figure, facets, named));
            } else {
                charts.extend(figure_each(figure, facets, named));
            }
        }
    }
    charts.extend(comparisons(sets));
    charts
}

fn figures_of(facets: &Facets) -> impl Iterator<Item = &'static Figure> {
    let mut runs = facets.panels.iter().flat_map(|panel| &panel.runs.converged);
    let shuffled = runs.any(edge::has_shuffled_epochs);
    FIGURES.iter().chain(shuffled.then_some(&SHUFFLED))
}

/// One figure of all facets; `named` is the method if the file name and the caption have to state it.
fn one_figure(figure: &Figure, facets: &Facets, named: Option<&Method>) -> NamedChart {
    let captioned = |chart: Chart| {
        let about = facets.titles_note().map_or_else(String::new, |note| format!("{note} "));
        let caption = format!("{about}{}", caption(named, &facets.all_runs(), &chart));
        Captioned { caption, chart }
    };
    NamedChart {
        name: format!("{}{}", figure.name, method_suffix(named)),
        algorithm: facets.method.algorithm.clone(),
        facets: facets.panels.iter().map(|panel| panel.facet.clone()).collect(),
        chart: facets.chart(figure.chart).map(captioned),
        if_empty: "the column `sharpness_gn` is empty",
    }
}

/// A figure of every facet.
fn figure_each(
    figure: &Figure,
    facets: &Facets,
    named: Option<&Method>,
) -> impl Iterator<Item = NamedChart> {
    facets.panels.iter().map(move |panel| {
        let captioned = |chart| {
            let about = panel.about.as_ref().map_or_else(String::new, |about| format!("{about}. "));
            Captioned { caption: format!("{about}{}", caption(named, &panel.runs, &chart)), chart }
        };
        NamedChart {
            name: format!("{}{}{}", figure.name, method_suffix(named), panel.suffix),
            algorithm: facets.method.algorithm.clone(),
            facets: vec![panel.facet.clone()],
            chart: (figure.chart)(&panel.runs).map(captioned),
            if_empty: "the column `sharpness_gn` is empty",
        }
    })
}

fn method_suffix(named: Option<&Method>) -> String {
    named.map_or_else(String::new, |method| format!("_{}", method.file_suffix()))
}

/// The comparison of algorithms at every facet that has several.
fn comparisons(sets: &BTreeMap<Method, Runs>) -> Vec<NamedChart> {
    let mut comparisons = Vec::new();
    for (facet, sets) in facets::by_facet(sets) {
        if algorithms::several(&sets) {
            let about = facet.about.map_or_else(String::new, |about| format!("{about}. "));
            let caption = format!("{about}{}", algorithms::CAPTION);
            comparisons.push(NamedChart {
                name: format!("{}{}", algorithms::NAME, facet.suffix),
                algorithm: String::new(),
                facets: vec![facet.facet],
                chart: algorithms::chart(&sets).map(|chart| Captioned { chart, caption }),
                if_empty: "nothing is measured",
            });
        }
    }
    comparisons
}
