//! The plan of `sweep` and `train`, printed before anything is written.

use std::collections::HashSet;
use std::io::Write;

use etastar::config::{Config, setting_text};
use etastar::optimizer::Optimizer;
use etastar::record::{Run, RunPlan, check_experiment, is_finished};
use etastar::store::Store;
use etastar::sweep::SweepError;
use etastar::text::{number, plural};
use serde_json::{Map, Value, json};

use super::output_options::OutputOptions;
use super::standard_output::stdout;
use super::text_table::table;

/// A plan of more runs is printed as the values of its axes.
const MAX_LISTED_RUNS: usize = 40;
/// More values of an axis are printed as their number and ends.
const MAX_LISTED_VALUES: usize = 16;

/// Prints the runs of `plan` and which of them are finished.
pub fn print_plan(config: &Config, plan: &RunPlan, output: OutputOptions) -> anyhow::Result<()> {
    let store = Store::open(&config.run.results);
    check_experiment(&store, plan).map_err(SweepError::from)?;
    // A damaged record is reported when the run begins.
    let is_finished = |run: &Run| is_finished(&store, &run.spec, &run.id).unwrap_or(false);
    let finished: Vec<bool> = plan.runs.iter().map(is_finished).collect();
    let mut out = stdout();
    if output.json {
        let runs = plan.runs.iter().zip(&finished);
        let runs: Vec<_> = runs.map(|(run, &finished)| json_of(run, plan, finished)).collect();
        writeln!(out, "{:#}", json!({ "results": config.run.results, "runs": runs }))?;
        return Ok(());
    }
    let (count, folder) = (plan.runs.len(), config.run.results.display());
    let finished = finished.into_iter().filter(|&finished| finished).count();
    writeln!(out, "{count} {}, {finished} finished, in {folder}", plural(count, "run"))?;
    networks(plan).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    if let Some(optimizer) = common_optimizer(&plan.runs).filter(|found| !found.is_plain()) {
        writeln!(out, "optimizer: {}", optimizer.rule().description())?;
    }
    let text = if count <= MAX_LISTED_RUNS { listed(plan) } else { axes(plan) };
    write!(out, "{text}")?;
    Ok(())
}

/// The optimizer of all `runs`; `None` if they have several.
pub fn common_optimizer(runs: &[Run]) -> Option<Optimizer> {
    let first = runs.first()?.spec.train.optimizer();
    runs.iter().all(|run| run.spec.train.optimizer() == first).then_some(first)
}

fn json_of(run: &Run, plan: &RunPlan, finished: bool) -> Value {
    let mut entry = json!({
        "run_id": run.id,
        "learning_rate": run.spec.train.learning_rate,
        "batch_size": run.spec.train.batch_size,
        "seed": run.spec.train.seed,
        "finished": finished,
    });
    if let Some(optimizer) = Some(run.spec.train.optimizer()).filter(|found| !found.is_plain()) {
        entry["optimizer"] = json!(optimizer.rule().description());
    }
    let settings = plan.further_axes.iter();
    let settings: Map<String, Value> =
        settings.filter_map(|key| Some((key.clone(), run.spec.setting(key)?))).collect();
    if !settings.is_empty() {
        entry["settings"] = Value::Object(settings);
    }
    entry
}

/// A line for every network and number of samples.
fn networks(plan: &RunPlan) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    for run in &plan.runs {
        let shape = run.data.shape;
        if !seen.insert((&run.spec.model.hidden, shape.features, shape.outputs, shape.samples)) {
            continue;
        }
        let widths = run.spec.model.widths(shape.features, shape.outputs);
        let parameters = widths.parameters();
        lines.push(format!("network {widths}, {parameters} parameters; {} samples", shape.samples));
    }
    if lines.len() > MAX_LISTED_VALUES {
        let (first, last) = (&lines[0], &lines[lines.len() - 1]);
        return vec![
            format!("{} networks, the first and last:", lines.len()),
            first.clone(),
            last.clone(),
        ];
    }
    lines
}

/// One line for each run.
fn listed(plan: &RunPlan) -> String {
    let swept = plan.further_axes.iter().map(String::as_str);
    let header = ["run", "learning_rate", "batch_size", "seed"].into_iter().chain(swept);
    let row = |run: &Run| {
        let train = &run.spec.train;
        let own = [
            run.id.to_string(),
            number(train.learning_rate),
            train.batch_size.to_string(),
            train.seed.to_string(),
        ];
        let further = plan.further_axes.iter().map(|key| value(run, key));
        own.into_iter().chain(further).collect::<Vec<String>>()
    };
    let mut rows = vec![header.map(str::to_owned).collect()];
    rows.extend(plan.runs.iter().map(row));
    table(&rows)
}

fn value(run: &Run, key: &str) -> String {
    run.spec.setting(key).as_ref().map_or_else(String::new, setting_text)
}

/// The values of every axis.
fn axes(plan: &RunPlan) -> String {
    let runs = || plan.runs.iter();
    let mut rates: Vec<f64> = runs().map(|run| run.spec.train.learning_rate).collect();
    let rates = ends(&mut rates, f64::total_cmp, |&rate| number(rate));
    let mut sizes: Vec<usize> = runs().map(|run| run.spec.train.batch_size).collect();
    let sizes = list(&mut sizes);
    let mut seeds: Vec<u64> = runs().map(|run| run.spec.train.seed).collect();
    let seeds = list(&mut seeds);
    let mut lines = vec![("learning_rate", rates), ("batch_size", sizes), ("seed", seeds)];
    for key in &plan.further_axes {
        let mut seen = HashSet::new();
        let values: Vec<String> =
            runs().map(|run| value(run, key)).filter(|text| seen.insert(text.clone())).collect();
        lines.push((key, abridged(&values)));
    }
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    lines.iter().map(|(name, values)| format!("{name:<width$}  {values}\n")).collect()
}

/// Distinct values as a list, or as their number and ends.
fn list<T: Ord + ToString>(values: &mut Vec<T>) -> String {
    values.sort();
    values.dedup();
    if values.len() <= MAX_LISTED_VALUES {
        let texts: Vec<String> = values.iter().map(T::to_string).collect();
        return abridged(&texts);
    }
    ends(values, T::cmp, T::to_string)
}

/// The number of distinct values, and their ends.
fn ends<T>(
    values: &mut Vec<T>,
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
    text: impl Fn(&T) -> String,
) -> String {
    values.sort_by(&order);
    values.dedup_by(|a, b| order(a, b).is_eq());
    match &values[..] {
        [] => String::new(),
        [only] => text(only),
        [first, .., last] => {
            format!("{} values from {} to {}", values.len(), text(first), text(last))
        }
    }
}

fn abridged(values: &[String]) -> String {
    match values {
        [first, .., last] if values.len() > MAX_LISTED_VALUES => {
            format!("{} values from {first} to {last}", values.len())
        }
        _ => values.join(", "),
    }
}
