//! The published curves, read off the vector graphics of the paper.

use std::path::Path;

use serde::Deserialize;

use super::CompareError;

/// The curves that come with the program, `data/published/mulayoff2024_figures.csv`.
const EMBEDDED: &str = include_str!("../../data/published/mulayoff2024_figures.csv");

/// One point of the published curves.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Published {
    #[serde(rename = "B")]
    pub batch_size: usize,
    #[serde(rename = "eta")]
    pub learning_rate: f64,
    #[serde(rename = "lam_max_H")]
    pub sharpness: f64,
    #[serde(rename = "analytic_bound_eq17")]
    pub bound_17: f64,
    #[serde(rename = "optimized_bound_eq27")]
    pub bound_27: f64,
}

/// The curves in `path`, or those that come with the program.
///
/// # Errors
/// A file that cannot be read, or lacks a column.
pub fn read(path: Option<&Path>) -> Result<Vec<Published>, CompareError> {
    let named = path.unwrap_or(Path::new("mulayoff2024_figures.csv")).to_owned();
    let unreadable = |source| CompareError::Unreadable { path: named.clone(), source };
    let rows: Result<Vec<Published>, csv::Error> = match path {
        Some(path) => csv::Reader::from_path(path).map_err(unreadable)?.deserialize().collect(),
        None => csv::Reader::from_reader(EMBEDDED.as_bytes()).deserialize().collect(),
    };
    rows.map_err(unreadable)
}
