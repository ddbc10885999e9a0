//! What the template is filled with.

use std::collections::BTreeMap;
use std::time::SystemTime;

use askama::Template;

use super::content::{Content, Run};
use super::facts::{Cell, FACTS, Fact, Place, outcome, pretty};
use super::map::Map;
use super::overview::{BatchRow, by_batch_size, sentence};
use super::payload::payload;
use super::{history, provenance, settings};
use crate::figures::{Plate, Plates};
use crate::record::RunState;
use crate::text::duration;

const STYLE: &str = include_str!("../../assets/report/report.css");
const SCRIPT: &str = include_str!("../../assets/report/report.js");

/// The whole page.
#[derive(Template)]
#[template(path = "report/report.html")]
pub struct Page<'c> {
    name: &'c str,
    sentence: String,
    style: &'static str,
    script: &'static str,
    /// Rules for the figures' colours on dark paper.
    colours: String,
    total: usize,
    finished: usize,
    states: Vec<State>,
    to_go: Option<String>,
    failures: Vec<Failure<'c>>,
    map: Map,
    rate_range: (String, String),
    batch_sizes: Vec<usize>,
    batches: Vec<BatchRow>,
    plates: &'c [Plate],
    skipped: &'c [(String, String)],
    columns: Vec<&'static Fact>,
    rows: Vec<Row<'c>>,
    outcomes: Vec<&'static str>,
    settings: Vec<settings::Line>,
    provenance: Vec<provenance::Line>,
    curve_limit: usize,
    payload: String,
}

/// How many runs are in one state.
struct State {
    name: &'static str,
    class: String,
    count: usize,
}

/// A run that could not be finished.
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
    /// Enough of `id` to tell runs apart.
    short: &'c str,
    batch_size: usize,
    class: String,
    outcome: &'static str,
    cells: Vec<Cell>,
}

impl<'c> Page<'c> {
    /// Prepares everything that the template asks for.
    ///
    /// # Errors
    /// The data for the page's script can't be encoded.
    pub fn new(content: &'c Content, figures: &'c Plates) -> Result<Self, serde_json::Error> {
        let status = &content.status;
        let map = Map::of(content);
        let columns = columns(content);
        let written = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let rates = content.learning_rates();
        let end = |rate: Option<&f64>| rate.copied().map_or(String::new(), pretty);
        let unfinished = status.running + status.queued + status.left > 0;
        Ok(Self {
            name: &content.name,
            sentence: sentence(content),
            style: STYLE,
            script: SCRIPT,
            colours: colours(&figures.drawn),
            total: status.total,
            finished: status.finished(),
            states: states(content),
            to_go: status.seconds_left.filter(|_| unfinished).map(duration),
            failures: content.runs.iter().enumerate().filter_map(failure).collect(),
            payload: payload(content, figures, &map)?,
            map,
            rate_range: (end(rates.first()), end(rates.last())),
            batch_sizes: content.batch_sizes(),
            batches: by_batch_size(content),
            plates: &figures.drawn,
            skipped: &figures.skipped,
            rows: content.runs.iter().map(|run| row(run, &columns)).collect(),
            columns,
            outcomes: states(content).into_iter().map(|state| state.name).collect(),
            settings: settings::settings(content),
            provenance: provenance::provenance(content, &written),
            curve_limit: history::limit(status.finished()),
        })
    }
}

/// The table's columns; a single seed or algorithm needs none.
fn columns(content: &Content) -> Vec<&'static Fact> {
    let (seeds, algorithms) = (content.seeds().len(), content.algorithms().len());
    let shown = |fact: &&Fact| match fact.label {
        "seed" => seeds > 1,
        "algorithm" => algorithms > 1,
        _ => fact.place != Place::Card,
    };
    FACTS.iter().filter(shown).collect()
}

fn row<'c>(run: &'c Run, columns: &[&'static Fact]) -> Row<'c> {
    Row {
        id: run.plan.run_id.as_str(),
        short: short(run.plan.run_id.as_str()),
        batch_size: run.plan.batch_size,
        class: class(outcome(run)),
        outcome: outcome(run),
        cells: columns.iter().map(|fact| (fact.of)(run)).collect(),
    }
}

fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

fn failure((index, run): (usize, &Run)) -> Option<Failure<'_>> {
    let RunState::Failed { reason } = &run.state else { return None };
    let plan = &run.plan;
    let (rate, batch_size, id) =
        (pretty(plan.learning_rate), plan.batch_size, plan.run_id.as_str());
    Some(Failure { index, rate, batch_size, id, reason })
}

fn states(content: &Content) -> Vec<State> {
    let status = &content.status;
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

fn colours(plates: &[Plate]) -> String {
    let all: BTreeMap<_, _> = plates.iter().flat_map(|plate| &plate.colours).collect();
    let rule = |(light, dark): (&String, &String)| {
        format!(
            ".plate [fill=\"{light}\"]{{fill:{dark}}}.plate [stroke=\"{light}\"]{{stroke:{dark}}}"
        )
    };
    all.into_iter().map(rule).collect()
}
