//! Sets of runs that differ in further axes of the sweep, such as `model.hidden`: a panel or a figure each.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::runs::{Method, Runs};
use crate::figures::labels;
use crate::figures::plotting::chart::Chart;
use crate::figures::plotting::markup::literal;
use crate::summary_csv::{Facet, SummaryRow};

/// Most panels of one figure.
const MOST_PANELS: usize = 24;

/// The sets of runs of one method.
pub struct Facets {
    /// Without further axes.
    pub method: Method,
    /// In the order of their settings.
    pub panels: Vec<Named<Runs>>,
    /// The further axes that differ.
    varied: Vec<String>,
}

/// One combination of settings on further axes.
pub struct Named<T> {
    pub facet: Facet,
    /// The title of its panel; empty if there is only one.
    pub title: String,
    /// The settings in words, if there are several; in markup.
    pub about: Option<String>,
    /// What the name of its files ends in.
    pub suffix: String,
    pub runs: T,
}

/// The sets of every method.
pub fn by_method(sets: &BTreeMap<Method, Runs>) -> Vec<Facets> {
    let mut methods: BTreeMap<Method, Vec<(Facet, Runs)>> = BTreeMap::new();
    for (method, runs) in sets {
        let plain = Method { facet: Facet::default(), ..method.clone() };
        methods.entry(plain).or_default().push((method.facet.clone(), runs.clone()));
    }
    let facets = methods.into_iter().map(|(method, sets)| {
        let (varied, mut panels) = named(sets);
        if panels.len() > 1 {
            let all = panels.iter().flat_map(|panel| panel.runs.converged.clone());
            let all: Arc<[SummaryRow]> = all.collect();
            panels.iter_mut().for_each(|panel| panel.runs.beside = all.clone());
        }
        Facets { method, panels, varied }
    });
    facets.collect()
}

/// The sets of every combination of settings on further axes.
pub fn by_facet(sets: &BTreeMap<Method, Runs>) -> Vec<(Named<()>, BTreeMap<Method, Runs>)> {
    let mut facets: BTreeMap<Facet, BTreeMap<Method, Runs>> = BTreeMap::new();
    for (method, runs) in sets {
        facets.entry(method.facet.clone()).or_default().insert(method.clone(), runs.clone());
    }
    let (_, names) = named(facets.keys().map(|facet| (facet.clone(), ())).collect());
    names.into_iter().zip(facets.into_values()).collect()
}

/// Gives names to sets, and names the axes in which they differ.
pub fn named<T>(sets: Vec<(Facet, T)>) -> (Vec<String>, Vec<Named<T>>) {
    let varied = Facet::varied(sets.iter().map(|(facet, _)| facet));
    let texts = |brief: bool| -> Vec<String> {
        let column = |name: &String| {
            let values: Vec<String> =
                sets.iter().map(|(facet, _)| facet.value(name).to_owned()).collect();
            labels::values(name, &values, brief)
        };
        let columns: Vec<Vec<String>> = varied.iter().map(column).collect();
        let text = |i: usize| columns.iter().map(|c| c[i].as_str()).collect::<Vec<_>>().join(", ");
        (0..sets.len()).map(text).collect()
    };
    let (titles, abouts) = (texts(varied.len() > 1), texts(false));
    let mut suffixes: Vec<String> = Vec::new();
    let mut panels = Vec::new();
    for (((facet, runs), title), about) in sets.into_iter().zip(titles).zip(abouts) {
        let mut suffix = file_suffix(&facet.only(&varied));
        if suffixes.contains(&suffix) {
            suffix = format!("{suffix}_{}", panels.len() + 1);
        }
        suffixes.push(suffix.clone());
        let about = (!varied.is_empty()).then_some(about);
        panels.push(Named { facet, title, about, suffix, runs });
    }
    (varied, panels)
}

/// The settings as a part of a file name.
fn file_suffix(facet: &Facet) -> String {
    let mut suffix = String::new();
    for (name, value) in &facet.0 {
        let words = format!("{name}_{value}");
        let words = words.split(|c: char| !c.is_alphanumeric() && c != '.');
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        suffix += &format!("_{}", words.join("_"));
    }
    suffix
}

impl Facets {
    /// Whether every set can have a panel of the same figure.
    pub fn fit_into_one_figure(&self) -> bool {
        self.panels.len() <= MOST_PANELS
    }

    /// The figure of all sets, each as a panel of its own.
    ///
    /// # Errors
    /// The reason of the first set, if no set has a chart.
    pub fn chart(&self, chart: fn(&Runs) -> Result<Chart, String>) -> Result<Chart, String> {
        let mut charts = Vec::new();
        let mut reasons = Vec::new();
        for panel in &self.panels {
            match chart(&panel.runs) {
                Ok(mut chart) => {
                    chart.panels.iter_mut().for_each(|found| found.title.clone_from(&panel.title));
                    charts.push(chart);
                }
                Err(reason) => reasons.push(reason),
            }
        }
        let panels = charts.iter().flat_map(|chart| chart.panels.clone()).collect();
        match charts.into_iter().next() {
            Some(first) => Ok(Chart { panels, ..first }),
            None => Err(reasons.into_iter().next().unwrap_or_default()),
        }
    }

    /// What the titles of the panels leave out, in markup.
    pub fn titles_note(&self) -> Option<String> {
        let several = self.varied.len() > 1;
        several.then(|| format!("Panels: {}.", literal(&self.varied.join(", "))))
    }

    /// All sets as one, to be counted.
    pub fn all_runs(&self) -> Runs {
        let mut all = Runs::default();
        for panel in &self.panels {
            all.converged.extend(panel.runs.converged.iter().cloned());
            all.max_epochs += panel.runs.max_epochs;
            all.diverged += panel.runs.diverged;
        }
        all
    }
}
