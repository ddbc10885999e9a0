//! The published curves, extracted from the vector graphics of the paper.

use std::path::Path;

use super::error::CompareError;
use crate::table::{Row, Table, TableError};

/// The curves that are built into the program, `data/published/mulayoff2024_figures.csv`.
const EMBEDDED: &str = include_str!("../../data/published/mulayoff2024_figures.csv");

/// Their name in error messages.
const NAME: &str = "mulayoff2024_figures.csv";

const COLUMNS: [&str; 5] = ["B", "eta", "lam_max_H", "analytic_bound_eq17", "optimized_bound_eq27"];

/// One point of the published curves.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedPoint {
    pub batch_size: usize,
    pub learning_rate: f64,
    pub sharpness: f64,
    pub bound_17: f64,
    pub bound_27: f64,
}

/// The curves in `path`, or those that are built in.
///
/// # Errors
/// A file that cannot be read, or lacks a column.
pub fn read_published(path: Option<&Path>) -> Result<Vec<PublishedPoint>, CompareError> {
    let mut table = match path {
        Some(path) => Table::open(path)?,
        None => Table::new(Path::new(NAME), EMBEDDED.as_bytes())?,
    };
    table.require(&COLUMNS, "a table like data/published/mulayoff2024_figures.csv")?;
    let [batch_size, learning_rate, sharpness, bound_17, bound_27] = COLUMNS;
    let read = |row: &Row<'_>| {
        Ok::<_, TableError>(PublishedPoint {
            batch_size: row.count(batch_size)? as usize,
            learning_rate: row.positive(learning_rate)?,
            sharpness: row.positive(sharpness)?,
            bound_17: row.positive(bound_17)?,
            bound_27: row.positive(bound_27)?,
        })
    };
    Ok(table.rows(read)?)
}
