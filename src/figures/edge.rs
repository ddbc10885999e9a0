//! How near the minima are to an edge of stability, against η: the mean-square edge of independent
//! batches at λ_max(C†D)·η/2 = 1 (Theorem 5 of \[M\]), and the almost-sure edge of shuffled epochs at
//! η/η*_as = 1 (\[C\]).

use super::chart::{Axis, Chart, Curve, Panel, PowerLine, Shared};
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
    let edge = Edge {
        title: "How near the minima are to the edge of mean-square stability",
        label: "edge of mean-square stability",
        y: "generalized sharpness × *η*/2",
        column: "generalized_sharpness",
        fraction: |run| {
            let half = run.learning_rate / 2.0;
            generalized_sharpness(run).map(|m| Measured {
                value: m.value * half,
                low: m.low * half,
                high: m.high * half,
            })
        },
    };
    edge.chart(runs)
}

/// η/η*_as of shuffled epochs, one curve per batch size.
///
/// # Errors
/// A reason if the CSV has no such threshold.
pub fn shuffled_epochs(runs: &Runs) -> Result<Chart, String> {
    let edge = Edge {
        title: "How near the minima are to the almost-sure edge of shuffled epochs",
        label: "edge of almost-sure stability",
        y: "*η*/*η*_{as} of shuffled epochs",
        column: "eta_as_epoch",
        fraction: |run| Some((run.learning_rate / run.eta_as_epoch?).into()),
    };
    edge.chart(runs)
}

/// An edge, which is where `fraction` is 1.
struct Edge {
    title: &'static str,
    label: &'static str,
    y: &'static str,
    column: &'static str,
    fraction: fn(&Run) -> Option<Measured>,
}

impl Edge {
    fn chart(&self, runs: &Runs) -> Result<Chart, String> {
        let sizes = runs.batch_sizes();
        let curve = |(i, &batch_size): (usize, &u64)| Curve {
            label: format!("*B* = {batch_size}"),
            style: batch_look(i, sizes.len()),
            shared: Shared::BatchSize(batch_size),
            points: against_step_size(runs.with_batch(batch_size), self.fraction),
        };
        let curves = sizes.iter().enumerate().map(curve);
        let curves: Vec<Curve> = curves.filter(|curve| !curve.points.is_empty()).collect();
        if curves.is_empty() {
            return Err(format!("the column `{}` is empty", self.column));
        }
        let edge = PowerLine {
            label: self.label.to_owned(),
            style: Style::reference(BLACK, Dash::Dashed),
            factor: 1.0,
            exponent: 0,
        };
        Ok(Chart {
            title: self.title.to_owned(),
            x: Axis::new(Kind::Log10, "step size *η*"),
            y: Axis::new(Kind::Linear, self.y),
            panels: vec![Panel { curves, lines: vec![edge], ..Panel::default() }],
        })
    }
}
