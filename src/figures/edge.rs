//! The distance to the edge of mean-square stability: λ_max(C†D)·η/2 against η, which is 1 at
//! η*_var (Theorem 5 of \[M\]).

use super::chart::{Axis, Chart, Curve, Panel, PowerLine, Shared};
use super::common::{against_step_size, batch_look, generalized_sharpness};
use super::runs::{Run, Runs};
use super::scale::Kind;
use super::style::{BLACK, Dash, Style};
use super::summary::Measured;

/// One curve per batch size and the edge at 1.
///
/// # Errors
/// A reason if the CSV has no generalized sharpness.
pub fn chart(runs: &Runs) -> Result<Chart, String> {
    let sizes = runs.batch_sizes();
    let curve = |(i, &batch_size): (usize, &u64)| Curve {
        label: format!("*B* = {batch_size}"),
        style: batch_look(i, sizes.len()),
        shared: Shared::BatchSize(batch_size),
        points: against_step_size(runs.with_batch(batch_size), fraction_of_edge),
    };
    let curves: Vec<Curve> = sizes.iter().enumerate().map(curve).collect();
    if curves.iter().all(|curve| curve.points.is_empty()) {
        return Err("the column `generalized_sharpness` is empty".to_owned());
    }
    let edge = PowerLine {
        label: "edge of mean-square stability".to_owned(),
        style: Style::reference(BLACK, Dash::Dashed),
        factor: 1.0,
        exponent: 0,
    };
    Ok(Chart {
        title: "How near the minima are to the edge of mean-square stability".to_owned(),
        x: Axis::new(Kind::Log10, "step size *η*"),
        y: Axis::new(Kind::Linear, "generalized sharpness × *η*/2"),
        panels: vec![Panel { curves, lines: vec![edge], ..Panel::default() }],
    })
}

fn fraction_of_edge(run: &Run) -> Option<Measured> {
    let half = run.learning_rate / 2.0;
    generalized_sharpness(run).map(|m| Measured {
        value: m.value * half,
        low: m.low * half,
        high: m.high * half,
    })
}
