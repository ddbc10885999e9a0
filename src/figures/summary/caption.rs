//! The caption below a figure: which runs are left out, and what the error bars mean.

use super::runs::{Method, Runs};
use crate::figures::plotting::chart::{Chart, ErrorBars, full_batch_label};
use crate::figures::plotting::markup::literal;
use crate::optimizer::Optimizer;

/// The optimizer of the runs if it is not plain SGD, and what its two edges are for.
fn optimizer(runs: &Runs, chart: &Chart) -> Option<String> {
    let others: Vec<Optimizer> =
        runs.converged.iter().map(|run| run.optimizer).filter(|found| !found.is_plain()).collect();
    let other = *others.first()?;
    let is_only = others.len() == runs.converged.len() && others.iter().all(|o| *o == other);
    let mut sentences = Vec::new();
    if is_only {
        sentences.push(format!("Optimizer: {}.", literal(&other.rule().description())));
    }
    let full_batch = full_batch_label(other);
    if chart.legend_entries().iter().any(|(label, _)| *label == full_batch) {
        sentences.push(format!(
            "2/*η*: edge for the generalized sharpness; {full_batch}: edge of the full batch, for \
             *λ*_{{max}}."
        ));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// A few sentences in plain text, or none. `method` is given if the CSV has several.
pub fn caption(method: Option<&Method>, runs: &Runs, chart: &Chart) -> String {
    let mut sentences = Vec::new();
    if let Some(method) = method {
        sentences.push(format!("Algorithm: {}, sampling: {}.", method.algorithm, method.sampling));
    }
    sentences.extend(optimizer(runs, chart));
    let most = chart.max_runs_per_point();
    if most > 1 {
        sentences.push(format!("Median of up to {most} runs; bars: smallest to largest."));
    }
    let name = |bars| match bars {
        ErrorBars::Enclosure => "proved enclosure",
        ErrorBars::Interval => "95% interval",
    };
    let bars: Vec<&str> = chart.visible_error_bars().into_iter().map(name).collect();
    if !bars.is_empty() {
        sentences.push(format!("Bars of single runs: {}.", bars.join(" or ")));
    }
    let left_out = runs.max_epochs + runs.diverged;
    if left_out > 0 {
        let all = left_out + runs.converged.len();
        let reasons = [(runs.max_epochs, "not converged"), (runs.diverged, "diverged")];
        let reasons = reasons.iter().filter(|(count, _)| *count > 0);
        let reasons: Vec<_> = reasons.map(|(count, why)| format!("{count} {why}")).collect();
        sentences.push(format!("Left out: {} of {all} runs ({}).", left_out, reasons.join(", ")));
    }
    sentences.join(" ")
}
