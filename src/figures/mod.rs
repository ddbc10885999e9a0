//! Publication-quality figures, drawn from CSV files alone.
//!
//! **CSV → rows → chart → layout → SVG → PNG.** `plotting` is a small plotting library. Every figure is
//! a function in a file of its own that turns rows into a `Chart`:
//!
//! | | |
//! |---|---|
//! | `summary` | the figures of `summary.csv`; a new one is a file there and a line in its `FIGURES` |
//! | [`quadratic`] | the figures of the synthetic quadratics |
//! | `columns` | any numeric columns of any table, as asked for on the command line |
//! | `probe`, `stationary` | the figures of the experiments around one minimum |
//! | `published` | our minima compared with the published curves |
//!
//! The same CSV gives the same bytes, whatever the order of its rows.
//!
//! \[M\] is Mulayoff & Michaeli, *Exact Mean Square Linear Stability Analysis for SGD*,
//! COLT 2024, <https://arxiv.org/abs/2306.07850>.

mod columns;
mod error;
mod files;
mod labels;
mod plotting;
mod probe;
mod published;
pub mod quadratic;
mod seeds;
mod stationary;
mod summary;
#[cfg(test)]
mod tests;

pub use columns::{
    ColumnsError, Condition, ConditionError, DrawnColumns, LogAxes, Marks, Request, draw_columns,
};
pub use error::FiguresError;
pub use files::FigureOutcome;
pub use probe::draw_probe;
pub use published::draw_comparison;
pub use stationary::draw_stationary;
pub use summary::{EmbeddedFigure, EmbeddedFigures, PointTarget, draw_all, embedded_figures};
