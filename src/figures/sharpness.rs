//! Figure 1(a) of \[M\]: the sharpness of the minima against the step size, for every batch size.

use super::chart::{Axis, Chart, Curve, Panel, Shared};
use super::common::{against_step_size, batch_look, sharpness, two_over_eta};
use super::runs::Runs;
use super::scale::Kind;

/// One curve per batch size below the line 2/η.
///
/// # Errors
/// Never: a chart without points is recognised when it is laid out.
pub fn chart(runs: &Runs) -> Result<Chart, String> {
    let sizes = runs.batch_sizes();
    let curve = |(i, &batch_size): (usize, &u64)| Curve {
        label: format!("*B* = {batch_size}"),
        style: batch_look(i, sizes.len()),
        shared: Shared::BatchSize(batch_size),
        points: against_step_size(runs.with_batch(batch_size), sharpness),
    };
    let panel = Panel {
        curves: sizes.iter().enumerate().map(curve).collect(),
        lines: vec![two_over_eta()],
        ..Panel::default()
    };
    Ok(Chart {
        title: "Sharpness of the minima against the step size, for every batch size".to_owned(),
        x: Axis::new(Kind::Log10, "step size *η*"),
        y: Axis::new(Kind::Log10, "sharpness *λ*_{max}(*H*)"),
        panels: vec![panel],
    })
}
