//! The data of the page's script, as JSON inside the page.

use std::collections::HashMap;

use serde::Serialize;

use super::data::{ReportData, Run};
use super::facts::{self, Column, Visibility};
use super::history::{LossCurve, round_to_four_digits};
use super::run_grid::RunGrid;
use crate::figures::EmbeddedFigures;
use crate::measurement::Verdict;
use crate::record::RunState;

#[derive(Serialize)]
struct Payload<'c> {
    labels: Vec<(&'c str, &'c str)>,
    /// Indices in `labels` of the facts in the tooltip of a point.
    pointed: Vec<usize>,
    runs: Vec<RunData<'c>>,
    figures: HashMap<&'c str, Vec<TargetData<'c>>>,
    /// Epochs of the warm-up and the loss that counts as converged.
    warmup: Option<u64>,
    tolerance: Option<f64>,
}

#[derive(Serialize)]
struct RunData<'c> {
    id: &'c str,
    eta: f64,
    facts: Vec<String>,
    /// Whether SGD is stable at the run's own step size, in a sentence.
    verdict: Option<String>,
    /// Why the run failed, or what could not be measured.
    notes: Vec<String>,
    history: Option<&'c LossCurve>,
    spectrum: Vec<f64>,
    /// The full-batch edge for λ_max and its formula, where it is not 2/η.
    #[serde(skip_serializing_if = "Option::is_none")]
    edge: Option<(f64, &'static str)>,
}

/// x, y, the curve's label and the indices of its runs in `runs`.
type TargetData<'c> = (f64, f64, &'c str, Vec<usize>);

/// The JSON, escaped for a `script` element.
///
/// # Errors
/// Never, for these types.
pub fn payload(
    data: &ReportData,
    figures: &EmbeddedFigures,
    grid: &RunGrid,
) -> Result<String, serde_json::Error> {
    let train = data.settings.as_ref().map(|settings| &settings["train"]);
    let columns = facts::columns(data);
    let pointed =
        columns.iter().enumerate().filter(|(_, column)| column.visibility == Visibility::Tooltip);
    let payload = Payload {
        labels: columns.iter().map(|column| (&*column.label, &*column.meaning)).collect(),
        pointed: pointed.map(|(index, _)| index).collect(),
        runs: data.runs.iter().map(|known| run(known, &columns)).collect(),
        figures: targets(data, figures, grid),
        warmup: train.and_then(|train| train["warmup"]["epochs"].as_u64()),
        tolerance: train.and_then(|train| train["tolerance"].as_f64()),
    };
    // A `<` could end the element or open a comment.
    Ok(serde_json::to_string(&payload)?.replace('<', "\\u003c"))
}

fn run<'c>(run: &'c Run, columns: &[Column]) -> RunData<'c> {
    let analysis = run.record.as_ref().and_then(|record| record.analysis.as_ref());
    let verdict = run.record.as_ref().zip(analysis);
    let verdict = verdict.and_then(|(record, found)| Verdict::of(&record.spec, found).ok());
    let missing = analysis.iter().flat_map(|analysis| &analysis.missing);
    let mut notes: Vec<String> =
        missing.map(|missing| format!("{}: {}", missing.quantity, missing.reason)).collect();
    if let RunState::Failed { reason } = &run.state {
        notes.push(reason.clone());
    }
    if let (Some(_), Err(reason)) = (&run.record, &run.history) {
        notes.push(format!("history.csv: {reason}"));
    }
    RunData {
        id: run.plan.run_id.as_str(),
        eta: run.plan.learning_rate,
        facts: columns.iter().map(|column| column.cell(run).text).collect(),
        verdict: verdict.map(|verdict| verdict.sentence),
        notes,
        history: run.history.as_ref().ok(),
        spectrum: analysis
            .iter()
            .flat_map(|a| &a.spectrum)
            .map(|&value| round_to_four_digits(value))
            .collect(),
        edge: edge(run),
    }
}

fn edge(run: &Run) -> Option<(f64, &'static str)> {
    let optimizer = facts::optimizer(run);
    let value = round_to_four_digits(facts::full_batch_edge(run));
    (!optimizer.is_plain()).then(|| (value, optimizer.rule().full_batch_edge_formula()))
}

fn targets<'c>(
    data: &'c ReportData,
    figures: &'c EmbeddedFigures,
    grid: &RunGrid,
) -> HashMap<&'c str, Vec<TargetData<'c>>> {
    let ids = data.runs.iter().enumerate().map(|(index, run)| (run.plan.run_id.as_str(), index));
    let indices: HashMap<&str, usize> = ids.collect();
    let mut all = HashMap::new();
    for figure in &figures.drawn {
        let targets = figure.targets.iter().map(|target| {
            let runs = target.runs.iter().filter_map(|id| indices.get(id.as_str()).copied());
            let mut runs: Vec<usize> = runs.collect();
            runs.sort_unstable();
            (
                round_to_four_digits(target.at.0),
                round_to_four_digits(target.at.1),
                target.curve.as_str(),
                runs,
            )
        });
        all.insert(figure.name.as_str(), targets.collect());
    }
    let centre = |cell: &super::run_grid::GridCell| {
        (cell.x + cell.width / 2.0, cell.y + cell.height / 2.0, "", vec![cell.run])
    };
    all.insert("plan", grid.cells.iter().map(centre).collect());
    all
}
