//! The quantities that several figures show.

use std::collections::BTreeSet;

use super::runs::Runs;
use crate::figures::plotting::chart::{Curve, FixedSettings, Point};
use crate::figures::plotting::style::Style;
use crate::figures::seeds::{Measurement, aggregate};
use crate::summary_csv::SummaryRow;

/// A quantity of one run, if it was measured.
pub type Quantity = fn(&SummaryRow) -> Option<Measurement>;

/// A quantity against η; runs without it are left out.
pub fn against_step_size<'r>(
    runs: impl Iterator<Item = &'r SummaryRow>,
    quantity: Quantity,
) -> Vec<Point> {
    aggregate(runs.filter_map(|run| Some((run.learning_rate, quantity(run)?))))
}

/// A quantity against η, one curve per batch size.
pub fn curve_per_batch_size(runs: &Runs, quantity: Quantity) -> Vec<Curve> {
    let sizes: BTreeSet<usize> = runs.of_figure().iter().map(|run| run.batch_size).collect();
    let curve = |(i, &batch_size): (usize, &usize)| Curve {
        label: format!("*B* = {batch_size}"),
        style: Style::of_batch_size(i, sizes.len()),
        fixed: FixedSettings::BatchSize(batch_size),
        points: against_step_size(runs.with_batch(batch_size), quantity),
    };
    sizes.iter().enumerate().map(curve).collect()
}

/// λ_max of the Gauss–Newton Hessian.
pub fn sharpness(run: &SummaryRow) -> Option<Measurement> {
    run.sharpness_gn.map(Into::into)
}

/// λ_max(C†D), with its enclosure if the CSV has it.
pub fn generalized_sharpness(run: &SummaryRow) -> Option<Measurement> {
    let value = run.generalized_sharpness?;
    Some(Measurement {
        value,
        low: run.generalized_sharpness_lower.unwrap_or(value),
        high: run.generalized_sharpness_upper.unwrap_or(value),
    })
}
