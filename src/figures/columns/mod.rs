//! A figure of any numeric columns of a results folder: `etastar plot FOLDER --x … --y …`.
//!
//! **tables → rows → curves → chart.** `tables` finds `summary.csv`, other CSVs of the folder and those of its
//! runs, such as `history.csv`; `data` holds their rows; `selection` keeps those that meet the [`Condition`]s,
//! and `shown` those with numbers; `plan` divides them into panels and curves; `figure` makes the chart. What a request does not name is
//! summarised by median and range, and the caption says what that mixes.

mod caption;
mod condition;
mod curves;
mod data;
mod draw;
mod error;
mod figure;
mod mixture;
mod plan;
mod request;
mod scales;
mod selection;
mod shown;
mod styles;
mod tables;
#[cfg(test)]
mod tests;

pub use condition::{Condition, ConditionError};
pub use draw::{DrawnColumns, draw_columns};
pub use error::ColumnsError;
pub use request::{LogAxes, Marks, Request};
