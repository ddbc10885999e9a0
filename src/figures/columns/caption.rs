//! The small print of a figure, and notes for the terminal.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::data::{DataSet, Record};
use super::mixture::Mixture;
use super::plan::Plan;
use super::request::{Marks, Request};
use super::shown::Shown;
use crate::figures::plotting::chart::Panel;
use crate::text::plural;

/// What the sentences are about.
pub struct Facts<'f> {
    pub data: &'f DataSet,
    pub request: &'f Request,
    pub marks: Marks,
    pub shown: &'f Shown<'f>,
    pub panels: &'f [Panel],
    pub mixture: &'f Mixture,
    pub plan: &'f Plan<'f>,
}

impl Facts<'_> {
    /// The caption as plain text.
    pub fn caption(&self) -> String {
        let mut sentences = Vec::new();
        let conditions = self.request.conditions.iter().map(ToString::to_string);
        let conditions: Vec<String> = conditions.collect();
        if !conditions.is_empty() {
            sentences.push(format!("Selected: {}.", conditions.join(", ")));
        }
        let points = || self.panels.iter().flat_map(|panel| &panel.curves).flat_map(|c| &c.points);
        let most = points().map(|point| point.runs).max().unwrap_or(0);
        if self.marks == Marks::Lines && most > 1 {
            let range = if self.panels.iter().any(|panel| panel.bands) { "band" } else { "bars" };
            let rows = self.rows();
            sentences.push(format!("Median of up to {most} {rows}; {range}: smallest to largest."));
            if self.data.columns.per_run {
                sentences.push("Shown where most of them have a value.".to_owned());
            }
        }
        if let Some(mixed) = self.mixture.describe() {
            let what = match self.marks {
                Marks::Lines => "One line has",
                Marks::Points => "One colour has",
            };
            sentences.push(format!("{what} all of {mixed}."));
        }
        sentences.extend(self.shown.left_out());
        sentences.extend(self.plan.legend_note(self.panels));
        sentences.join(" ")
    }

    /// What should not be overlooked.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let beyond = self.mixture.beyond_seeds();
        if let Some(mixed) = beyond.describe().filter(|_| self.marks == Marks::Lines) {
            let name = beyond.names().into_iter().next().unwrap_or_default();
            notes.push(format!(
                "one line has all of {mixed}; separate them with --by {name}, --facet {name} or \
                 --where {name}=…"
            ));
        }
        notes.extend(self.shown.left_out());
        notes.extend(self.unconverged());
        let without = self.data.runs_without;
        if without > 0 {
            notes.push(format!(
                "{without} {} no {}",
                if without == 1 { "run has" } else { "runs have" },
                self.data.name.trim_end_matches(" of the runs")
            ));
        }
        notes
    }

    /// The runs that are drawn although they did not converge.
    fn unconverged(&self) -> Option<String> {
        let place = self.data.columns.place("stop_reason")?;
        let rows = self.shown.values.iter().map(|(_, value)| value.row);
        let left = rows.filter(|row| row.cell(place) != "converged");
        let runs: BTreeSet<*const Vec<String>> = left.map(|row| self.run_of(row)).collect();
        (!runs.is_empty()).then(|| {
            format!(
                "{} {} that did not converge {} drawn too; --where stop_reason=converged leaves them out",
                runs.len(),
                plural(runs.len(), "run"),
                if runs.len() == 1 { "is" } else { "are" }
            )
        })
    }

    /// What tells the run of a row from others: its row of the summary.
    fn run_of(&self, row: &Record) -> *const Vec<String> {
        if self.data.columns.per_run { Rc::as_ptr(&row.run) } else { &raw const row.own }
    }

    fn rows(&self) -> String {
        let is_of_runs = self.data.columns.per_run || self.data.name == "summary.csv";
        plural(2, if is_of_runs { "run" } else { "row" })
    }
}
