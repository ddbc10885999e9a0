//! How near the minima are to an edge of stability, against η: the mean-square edge of independent
//! batches at λ_max(C†D)·η/2 = 1 (Theorem 5 of \[M\]), and the mean-square and almost-sure edges of
//! shuffled epochs at η/η*_var = 1 and η/η*_as = 1 (\[C\]).

use super::chart::{Axis, Bars, Chart, Curve, Panel, PowerLine, Shared};
use super::common::{against_step_size, batch_look, generalized_sharpness};
use super::runs::{Run, Runs};
use super::scale::Kind;
use super::style::{BLACK, Dash, Style};
use super::summary::Measured;

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

/// η over three edges at the minima where one of shuffled epochs is known: one panel for each, one
/// curve per batch size.
///
/// # Errors
/// A reason if the CSV has no such edge.
pub fn shuffled_epochs(runs: &Runs) -> Result<Chart, String> {
    let converged = runs.converged.iter().filter(|run| knows_shuffled_epochs(run)).cloned();
    let known = Runs { converged: converged.collect(), ..Runs::default() };
    let of_epochs = panel("shuffled epochs", &known, of_shuffled_epochs);
    let panels = [
        panel("independent batches", &known, of_independent_batches),
        Panel { bars: Bars::Interval, ..of_epochs },
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

/// Whether a run has an edge of shuffled epochs.
pub fn knows_shuffled_epochs(run: &Run) -> bool {
    run.eta_var_epoch.is_some() || run.eta_as_epoch.is_some()
}

/// The edge is where this is 1.
type Fraction = fn(&Run) -> Option<Measured>;

fn of_independent_batches(run: &Run) -> Option<Measured> {
    let half = run.learning_rate / 2.0;
    generalized_sharpness(run).map(|m| Measured {
        value: m.value * half,
        low: m.low * half,
        high: m.high * half,
    })
}

fn of_shuffled_epochs(run: &Run) -> Option<Measured> {
    let edge = run.eta_var_epoch?;
    let over = |edge: f64| run.learning_rate / edge;
    Some(Measured {
        value: over(edge),
        low: over(run.eta_var_epoch_high.unwrap_or(edge)),
        high: over(run.eta_var_epoch_low.unwrap_or(edge)),
    })
}

fn almost_surely(run: &Run) -> Option<Measured> {
    Some((run.learning_rate / run.eta_as_epoch?).into())
}

fn panel(title: &str, runs: &Runs, fraction: Fraction) -> Panel {
    let sizes = runs.batch_sizes();
    let curve = |(i, &batch_size): (usize, &u64)| Curve {
        label: format!("*B* = {batch_size}"),
        style: batch_look(i, sizes.len()),
        shared: Shared::BatchSize(batch_size),
        points: against_step_size(runs.with_batch(batch_size), fraction),
    };
    let curves = sizes.iter().enumerate().map(curve);
    Panel {
        title: title.to_owned(),
        curves: curves.filter(|curve| !curve.points.is_empty()).collect(),
        lines: vec![PowerLine {
            label: "edge of stability".to_owned(),
            style: Style::reference(BLACK, Dash::Dashed),
            factor: 1.0,
            exponent: 0,
        }],
        ..Panel::default()
    }
}

fn chart(title: &str, y: &str, panels: Vec<Panel>) -> Chart {
    Chart {
        title: title.to_owned(),
        x: Axis::new(Kind::Log10, "step size *η*"),
        y: Axis::new(Kind::Linear, y),
        panels,
    }
}
