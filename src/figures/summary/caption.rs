//! The caption below a figure: which runs are left out, and what the error bars mean.

use super::runs::{Method, Runs};
use crate::figures::plotting::chart::{Chart, ErrorBars};

/// A few sentences in plain text, or none. `method` is given if the CSV has several.
pub fn caption(method: Option<&Method>, runs: &Runs, chart: &Chart) -> String {
    let mut sentences = Vec::new();
    if let Some(method) = method {
        sentences.push(format!("Algorithm: {}, sampling: {}.", method.algorithm, method.sampling));
    }
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
