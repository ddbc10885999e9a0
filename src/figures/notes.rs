//! The small print below a figure: what is not in it, and what its bars mean.

use super::chart::{Bars, Chart};
use super::runs::{Method, Runs};

/// A few sentences in plain text; empty if there is nothing to say. `method` is given if the
/// CSV holds several.
pub fn notes(method: Option<&Method>, runs: &Runs, chart: &Chart) -> String {
    let mut notes = Vec::new();
    if let Some(method) = method {
        notes.push(format!("Algorithm: {}, sampling: {}.", method.algorithm, method.sampling));
    }
    let most = chart.most_runs_at_a_point();
    if most > 1 {
        notes.push(format!("Median of up to {most} runs; bars: smallest to largest."));
    }
    let name = |bars| match bars {
        Bars::Enclosure => "proved enclosure",
        Bars::Interval => "95% interval",
    };
    let bars: Vec<&str> = chart.bars().into_iter().map(name).collect();
    if !bars.is_empty() {
        notes.push(format!("Bars of single runs: {}.", bars.join(" or ")));
    }
    let left_out = runs.max_epochs + runs.diverged;
    if left_out > 0 {
        let all = left_out + runs.converged.len();
        let reasons = [(runs.max_epochs, "not converged"), (runs.diverged, "diverged")];
        let reasons = reasons.iter().filter(|(count, _)| *count > 0);
        let reasons: Vec<_> = reasons.map(|(count, why)| format!("{count} {why}")).collect();
        notes.push(format!("Left out: {} of {all} runs ({}).", left_out, reasons.join(", ")));
    }
    notes.join(" ")
}
