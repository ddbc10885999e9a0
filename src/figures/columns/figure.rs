//! The chart of a request, with its caption and notes.

use super::caption::Facts;
use super::curves::Curves;
use super::data::{DataSet, Place, is_setting};
use super::error::ColumnsError;
use super::mixture::Mixture;
use super::plan::Plan;
use super::request::{Marks, Request};
use super::selection;
use super::shown::Shown;
use crate::figures::labels;
use crate::figures::plotting::chart::{Axis, Chart};
use crate::figures::plotting::markup::literal;

/// A chart that is ready to be drawn.
pub struct Figure {
    pub chart: Chart,
    /// In markup.
    pub caption: String,
    /// What the figure leaves out or mixes.
    pub notes: Vec<String>,
    /// Number of selected rows.
    pub rows: usize,
    pub curves: usize,
    /// Settings that differ within a curve.
    pub mixed: Vec<String>,
}

/// Whether the table has many rows for a run, and the column one value.
fn is_once_per_run(data: &DataSet, column: &str) -> bool {
    data.columns.per_run && matches!(data.columns.place(column), Some(Place::Run(_)))
}

impl Figure {
    /// Makes the chart of `request` from a table that has all of its columns.
    ///
    /// # Errors
    /// A column that is not numeric, no row that is left, or too many panels or curves.
    pub fn new(data: &DataSet, request: &Request) -> Result<Self, ColumnsError> {
        if let Some(column) = request.y.iter().find(|column| is_once_per_run(data, column)) {
            let (column, table) = (column.clone(), data.name.clone());
            return Err(ColumnsError::OncePerRun { column, table });
        }
        let rows = selection::select(data, &request.conditions)?;
        let is_grid = is_chosen(data, &request.x);
        let shown = Shown::of(data, request, &rows, is_grid)?;
        let default = if is_grid { Marks::Lines } else { Marks::Points };
        let marks = request.marks.unwrap_or(default);
        let shown_rows: Vec<_> = shown.values.iter().map(|(_, value)| value.row).collect();
        let plan = Plan::new(data, &shown_rows, request, marks)?;
        let mut curves = Curves::new();
        for &(quantity, value) in &shown.values {
            curves.entry(plan.key(quantity, value.row)).or_default().push(value);
        }
        let mixture = Mixture::of(data, request, &curves);
        let panels = plan.panels(&curves);
        let facts = Facts {
            data,
            request,
            marks,
            shown: &shown,
            panels: &panels,
            mixture: &mixture,
            plan: &plan,
        };
        let (caption, notes) = (literal(&facts.caption()), facts.notes());
        let quantities: Vec<String> = request.y.iter().map(|name| labels::column(name)).collect();
        Ok(Self {
            caption,
            notes,
            rows: rows.len(),
            curves: curves.len(),
            mixed: mixture.names(),
            chart: Chart {
                title: format!("{} against {}", request.y.join(", "), request.x),
                x: Axis::new(shown.x, &labels::column(&request.x)),
                y: Axis::new(shown.y, &quantities.join(", ")),
                panels,
            },
        })
    }
}

/// Whether the values of the abscissa were chosen and are joined by lines, as settings of runs are, and
/// what runs record on their way; a measurement of a run was not.
fn is_chosen(data: &DataSet, x: &str) -> bool {
    data.name != "summary.csv" || is_setting(x) || x == "two_over_eta"
}
