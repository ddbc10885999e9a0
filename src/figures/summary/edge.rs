//! The distance of the minima from an edge of stability, against η: the mean-square edge of independent
//! batches at λ_max(C†D)·η/2 = 1 (Theorem 5 of \[M\]), and the mean-square and almost-sure edges of
//! shuffled epochs at η/η*_var = 1 and η/η*_as = 1 (\[C\]).

use super::quantities::{Quantity, curve_per_batch_size, generalized_sharpness};
use super::runs::Runs;
use crate::figures::plotting::chart::{Axis, Chart, ErrorBars, Panel, ReferenceLine};
use crate::figures::plotting::scale::ScaleKind;
use crate::figures::plotting::style::{BLACK, Dash, Style};
use crate::figures::seeds::Measurement;
use crate::summary_csv::SummaryRow;

/// λ_max(C†D)·η/2, one curve per batch size.
///
/// # Errors
/// A reason if the CSV has no generalized sharpness.
pub fn mean_square(runs: &Runs) -> Result<Chart, String> {
    let panel = panel("", runs, of_independent_batches);
    if panel.curves.is_empty() {
        return Err("the column `generalized_sharpness` is empty".to_owned());
    }
    Ok(chart(
        "How near the minima are to the edge of mean-square stability",
        "generalized sharpness × *η*/2",
        vec![panel],
    ))
}

/// η divided by three thresholds, at the minima with a threshold of shuffled epochs: one panel per
/// threshold, one curve per batch size.
///
/// # Errors
/// A reason if the CSV has no such threshold.
pub fn shuffled_epochs(runs: &Runs) -> Result<Chart, String> {
    let converged = runs.converged.iter().filter(|run| has_shuffled_epochs(run)).cloned();
    let known = Runs { converged: converged.collect(), ..Runs::default() };
    let of_epochs = panel("shuffled epochs", &known, of_shuffled_epochs);
    let panels = [
        panel("independent batches", &known, of_independent_batches),
        Panel { error_bars: ErrorBars::Interval, ..of_epochs },
        panel("shuffled, almost surely", &known, almost_surely),
    ];
    let panels: Vec<Panel> = panels.into_iter().filter(|panel| !panel.curves.is_empty()).collect();
    if panels.is_empty() {
        return Err("the columns `eta_var_epoch` and `eta_as_epoch` are empty".to_owned());
    }
    Ok(chart(
        "How near the minima are to the edges of independent batches and of shuffled epochs",
        "*η* / edge",
        panels,
    ))
}

/// Whether a run has a threshold of shuffled epochs.
pub fn has_shuffled_epochs(run: &SummaryRow) -> bool {
    run.eta_var_epoch.is_some() || run.eta_as_epoch.is_some()
}

fn of_independent_batches(run: &SummaryRow) -> Option<Measurement> {
    let rule = run.optimizer.rule();
    let fraction = |value: f64| rule.fraction_of_edge(value, run.learning_rate);
    generalized_sharpness(run).map(|m| Measurement {
        value: fraction(m.value),
        low: fraction(m.low),
        high: fraction(m.high),
    })
}

fn of_shuffled_epochs(run: &SummaryRow) -> Option<Measurement> {
    let threshold = run.eta_var_epoch?;
    let ratio = |threshold: f64| run.learning_rate / threshold;
    Some(Measurement {
        value: ratio(threshold),
        low: ratio(run.eta_var_epoch_high.unwrap_or(threshold)),
        high: ratio(run.eta_var_epoch_low.unwrap_or(threshold)),
    })
}

fn almost_surely(run: &SummaryRow) -> Option<Measurement> {
    Some((run.learning_rate / run.eta_as_epoch?).into())
}

/// One curve per batch size; the edge of stability is where `fraction` is 1.
fn panel(title: &str, runs: &Runs, fraction: Quantity) -> Panel {
    let curves = curve_per_batch_size(runs, fraction).into_iter();
    Panel {
        title: title.to_owned(),
        curves: curves.filter(|curve| !curve.points.is_empty()).collect(),
        lines: vec![ReferenceLine::horizontal(
            "edge of stability",
            Style::line(BLACK, Dash::Dashed),
            1.0,
        )],
        ..Panel::default()
    }
}

fn chart(title: &str, y: &str, panels: Vec<Panel>) -> Chart {
    Chart {
        title: title.to_owned(),
        x: Axis::new(ScaleKind::Log10, "step size *η*"),
        y: Axis::new(ScaleKind::Linear, y),
        panels,
    }
}
