//! What the page's script needs, as JSON inside the page.

use std::collections::HashMap;

use serde::Serialize;

use super::content::{Content, Run};
use super::facts::{FACTS, Place};
use super::history::{Curve, short};
use super::map::Map;
use crate::figures::Plates;
use crate::record::RunState;

#[derive(Serialize)]
struct Payload<'c> {
    labels: Vec<(&'static str, &'static str)>,
    /// Places in `labels` of what is told of a point.
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
    history: Option<&'c Curve>,
    spectrum: Vec<f64>,
}

/// x, y, the curve's label and the places of its runs in the list.
type TargetData<'c> = (f64, f64, &'c str, Vec<usize>);

/// The JSON, safe to stand inside a `script` element.
///
/// # Errors
/// None that finite numbers meet.
pub fn payload(
    content: &Content,
    figures: &Plates,
    map: &Map,
) -> Result<String, serde_json::Error> {
    let train = content.settings.as_ref().map(|settings| &settings["train"]);
    let pointed = FACTS.iter().enumerate().filter(|(_, fact)| fact.place == Place::Pointed);
    let payload = Payload {
        labels: FACTS.iter().map(|fact| (fact.label, fact.meaning)).collect(),
        pointed: pointed.map(|(index, _)| index).collect(),
        runs: content.runs.iter().map(run).collect(),
        figures: targets(content, figures, map),
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
        facts: FACTS.iter().map(|fact| (fact.of)(run).text).collect(),
        notes,
        history: run.history.as_ref().ok(),
        spectrum: analysis.iter().flat_map(|a| &a.spectrum).map(|&value| short(value)).collect(),
    }
}

fn targets<'c>(
    content: &'c Content,
    figures: &'c Plates,
    map: &Map,
) -> HashMap<&'c str, Vec<TargetData<'c>>> {
    let mut places: HashMap<(u64, u64, &str), Vec<usize>> = HashMap::new();
    for (index, run) in content.runs.iter().enumerate().filter(|(_, run)| run.record.is_some()) {
        let plan = &run.plan;
        let key = (plan.learning_rate.to_bits(), plan.batch_size as u64, plan.algorithm.name());
        places.entry(key).or_default().push(index);
    }
    let runs = |key| places.get(&key).cloned().unwrap_or_default();
    let mut all = HashMap::new();
    for plate in &figures.drawn {
        let targets = plate.targets.iter().map(|target| {
            let (rate, algorithm) = (target.learning_rate.to_bits(), target.algorithm.as_str());
            let key = (rate, target.batch_size, algorithm);
            (short(target.at.0), short(target.at.1), target.curve.as_str(), runs(key))
        });
        all.insert(plate.name.as_str(), targets.collect());
    }
    let centre = |cell: &super::map::Cell| {
        (cell.x + cell.width / 2.0, cell.y + cell.height / 2.0, "", vec![cell.run])
    };
    all.insert("plan", map.cells.iter().map(centre).collect());
    all
}
