//! What the rows of one curve differ in, apart from what the figure names.

use std::collections::BTreeMap;

use super::curves::Curves;
use super::data::DataSet;
use super::request::Request;
use crate::cell;
use crate::figures::labels;

/// Settings whose values differ within a curve, and those values.
pub struct Mixture(BTreeMap<String, Vec<String>>);

/// Settings that are repetitions of the same run.
const SEEDS: [&str; 2] = ["seed", "init_seed"];

impl Mixture {
    /// The settings that `request` does not name and that differ within a curve.
    pub fn of(data: &DataSet, request: &Request, curves: &Curves<'_>) -> Self {
        let mut mixture = BTreeMap::new();
        let settings = data.columns.settings.iter();
        for (name, place) in settings.filter(|(name, _)| !names(request, name)) {
            let mut values: Vec<String> = Vec::new();
            for curve in curves.values() {
                let here = cell::distinct(curve.iter().map(|value| value.row.cell(*place)));
                values.extend(if here.len() > 1 { here } else { Vec::new() });
            }
            if !values.is_empty() {
                mixture.insert(name.clone(), cell::distinct(values.iter().map(String::as_str)));
            }
        }
        Self(mixture)
    }

    /// The settings and their values, for a caption.
    pub fn describe(&self) -> Option<String> {
        let parts =
            self.0.iter().map(|(name, values)| format!("{name} ({})", labels::list(values)));
        let parts: Vec<String> = parts.collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// The settings that are more than a repetition.
    pub fn beyond_seeds(&self) -> Self {
        let settings = self.0.iter().filter(|(name, _)| !SEEDS.contains(&name.as_str()));
        Self(settings.map(|(name, values)| (name.clone(), values.clone())).collect())
    }

    /// The names of the settings.
    pub fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

/// Whether `request` has a setting as its abscissa, or divides the rows by it.
fn names(request: &Request, setting: &str) -> bool {
    let is_abscissa = match request.x.strip_prefix("summary.").unwrap_or(&request.x) {
        "two_over_eta" | "fraction" => setting == "learning_rate",
        x => setting == x,
    };
    let mut divisions = request.by.iter().chain(&request.facet);
    // A run's identity stands for all of its settings.
    is_abscissa
        || divisions.any(|column| {
            let column = column.strip_prefix("summary.").unwrap_or(column);
            column == setting || column == "run_id"
        })
}
