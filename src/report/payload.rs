//! The data of the page's script, as JSON inside the page.

use std::collections::HashMap;

use serde::Serialize;

use super::data::{ReportData, Run};
use super::facts::{FACTS, Visibility};
use super::history::{LossCurve, round_to_four_digits};
use super::run_grid::RunGrid;
use crate::figures::EmbeddedFigures;
use crate::record::RunState;

#[derive(Serialize)]
struct Payload<'c> {
    labels: Vec<(&'static str, &'static str)>,
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
    /// Why the run failed, or what could not be measured.
    notes: Vec<String>,
    history: Option<&'c LossCurve>,
    spectrum: Vec<f64>,
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
    let pointed =
        FACTS.iter().enumerate().filter(|(_, fact)| fact.visibility == Visibility::Tooltip);
    let payload = Payload {
        labels: FACTS.iter().map(|fact| (fact.label, fact.meaning)).collect(),
        pointed: pointed.map(|(index, _)| index).collect(),
        runs: data.runs.iter().map(run).collect(),
        figures: targets(data, figures, grid),
        warmup: train.and_then(|train| train["warmup"]["epochs"].as_u64()),
        tolerance: train.and_then(|train| train["tolerance"].as_f64()),
    };
    // A `<` could end the element or open a comment.
    Ok(serde_json::to_string(&payload)?.replace('<', "\\u003c"))
}

fn run(run: &Run) -> RunData<'_> {
    let analysis = run.record.as_ref().and_then(|record| record.analysis.as_ref());
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
        facts: FACTS.iter().map(|fact| (fact.cell)(run).text).collect(),
        notes,
        history: run.history.as_ref().ok(),
        spectrum: analysis
            .iter()
            .flat_map(|a| &a.spectrum)
            .map(|&value| round_to_four_digits(value))
            .collect(),
    }
}

fn targets<'c>(
    data: &'c ReportData,
    figures: &'c EmbeddedFigures,
    grid: &RunGrid,
) -> HashMap<&'c str, Vec<TargetData<'c>>> {
    let mut indices: HashMap<(u64, usize, &str), Vec<usize>> = HashMap::new();
    for (index, run) in data.runs.iter().enumerate().filter(|(_, run)| run.record.is_some()) {
        let plan = &run.plan;
        let key = (plan.learning_rate.to_bits(), plan.batch_size, plan.algorithm.name());
        indices.entry(key).or_default().push(index);
    }
    let runs = |key| indices.get(&key).cloned().unwrap_or_default();
    let mut all = HashMap::new();
    for figure in &figures.drawn {
        let targets = figure.targets.iter().map(|target| {
            let (rate, algorithm) = (target.learning_rate.to_bits(), target.algorithm.as_str());
            let key = (rate, target.batch_size, algorithm);
            (
                round_to_four_digits(target.at.0),
                round_to_four_digits(target.at.1),
                target.curve.as_str(),
                runs(key),
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
