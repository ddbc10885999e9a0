//! The values that fill the template.

use std::collections::BTreeMap;
use std::time::SystemTime;

use askama::Template;

use super::data::{ReportData, Run};
use super::facts::{self, Cell, Column, Visibility, format_number, outcome};
use super::overview::{BatchRow, by_batch_size, headline};
use super::payload::payload;
use super::run_grid::RunGrid;
use super::{history, provenance, settings};
use crate::figures::{EmbeddedFigure, EmbeddedFigures};
use crate::record::RunState;
use crate::text::duration;

const STYLE: &str = include_str!("../../assets/report/report.css");
const SCRIPT: &str = include_str!("../../assets/report/report.js");

/// The whole page.
#[derive(Template)]
#[template(path = "report/report.html")]
pub struct Page<'c> {
    name: &'c str,
    headline: String,
    style: &'static str,
    script: &'static str,
    /// CSS rules for the colours of the figures on a dark background.
    colours: String,
    total: usize,
    finished: usize,
    states: Vec<State>,
    to_go: Option<String>,
    failures: Vec<Failure<'c>>,
    grid: RunGrid,
    rate_range: (String, String),
    batch_sizes: Vec<usize>,
    batches: Vec<BatchRow>,
    figures: &'c [EmbeddedFigure],
    skipped: &'c [(String, String)],
    columns: Vec<Column>,
    rows: Vec<Row<'c>>,
    outcomes: Vec<&'static str>,
    settings: Vec<settings::Line>,
    provenance: Vec<provenance::Line>,
    curve_limit: usize,
    payload: String,
}

/// The number of runs in one state.
struct State {
    name: &'static str,
    class: String,
    count: usize,
}

/// A run that failed.
struct Failure<'c> {
    index: usize,
    rate: String,
    batch_size: usize,
    id: &'c str,
    reason: &'c str,
}

/// A run in the table.
struct Row<'c> {
    id: &'c str,
    /// The first digits of `id`.
    short: &'c str,
    batch_size: usize,
    class: String,
    outcome: &'static str,
    cells: Vec<Cell>,
}

impl<'c> Page<'c> {
    /// Computes the values of the template.
    ///
    /// # Errors
    /// The data for the page's script can't be encoded.
    pub fn new(
        data: &'c ReportData,
        figures: &'c EmbeddedFigures,
    ) -> Result<Self, serde_json::Error> {
        let status = &data.status;
        let grid = RunGrid::new(data);
        let columns = columns(data);
        let written = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let rates = data.learning_rates();
        let end = |rate: Option<&f64>| rate.copied().map_or(String::new(), format_number);
        let unfinished = status.running + status.queued + status.left > 0;
        Ok(Self {
            name: &data.name,
            headline: headline(data),
            style: STYLE,
            script: SCRIPT,
            colours: colours(&figures.drawn),
            total: status.total,
            finished: status.finished(),
            states: states(data),
            to_go: status.seconds_left.filter(|_| unfinished).map(duration),
            failures: data.runs.iter().enumerate().filter_map(failure).collect(),
            payload: payload(data, figures, &grid)?,
            grid,
            rate_range: (end(rates.first()), end(rates.last())),
            batch_sizes: data.batch_sizes(),
            batches: by_batch_size(data),
            figures: &figures.drawn,
            skipped: &figures.skipped,
            rows: data.runs.iter().map(|run| row(run, &columns)).collect(),
            columns,
            outcomes: states(data).into_iter().map(|state| state.name).collect(),
            settings: settings::settings(data),
            provenance: provenance::provenance(data, &written),
            curve_limit: history::max_points(status.finished()),
        })
    }
}

/// The columns of the table; seed and algorithm only if there are several.
fn columns(data: &ReportData) -> Vec<Column> {
    let (seeds, algorithms) = (data.seeds().len(), data.algorithms().len());
    let shown = |column: &Column| match column.label.as_str() {
        "seed" => seeds > 1,
        "algorithm" => algorithms > 1,
        _ => column.visibility != Visibility::Card,
    };
    facts::columns(data).into_iter().filter(shown).collect()
}

fn row<'c>(run: &'c Run, columns: &[Column]) -> Row<'c> {
    Row {
        id: run.plan.run_id.as_str(),
        short: short(run.plan.run_id.as_str()),
        batch_size: run.plan.batch_size,
        class: class(outcome(run)),
        outcome: outcome(run),
        cells: columns.iter().map(|column| column.cell(run)).collect(),
    }
}

fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

fn failure((index, run): (usize, &Run)) -> Option<Failure<'_>> {
    let RunState::Failed { reason } = &run.state else { return None };
    let plan = &run.plan;
    let (rate, batch_size, id) =
        (format_number(plan.learning_rate), plan.batch_size, plan.run_id.as_str());
    Some(Failure { index, rate, batch_size, id, reason })
}

fn states(data: &ReportData) -> Vec<State> {
    let status = &data.status;
    let all = [
        ("converged", status.converged),
        ("not converged", status.max_epochs),
        ("diverged", status.diverged),
        ("running", status.running),
        ("queued", status.queued),
        ("failed", status.failed),
        ("left", status.left),
    ];
    let present = all.into_iter().filter(|(_, count)| *count > 0);
    present.map(|(name, count)| State { name, class: class(name), count }).collect()
}

fn class(outcome: &str) -> String {
    outcome.replace(' ', "-")
}

fn colours(figures: &[EmbeddedFigure]) -> String {
    let all: BTreeMap<_, _> = figures.iter().flat_map(|figure| &figure.colours).collect();
    let rule = |(light, dark): (&String, &String)| {
        format!(
            ".figure [fill=\"{light}\"]{{fill:{dark}}}.figure [stroke=\"{light}\"]{{stroke:{dark}}}"
        )
    };
    all.into_iter().map(rule).collect()
}
