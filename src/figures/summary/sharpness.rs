//! Figure 1(a) of \[M\]: the sharpness of the minima against the step size, for every batch size.

use super::quantities::{curve_per_batch_size, sharpness};
use super::runs::Runs;
use crate::figures::plotting::chart::{Axis, Chart, Panel, ReferenceLine};
use crate::figures::plotting::scale::ScaleKind;

/// One curve per batch size below the line 2/η, or below the full-batch edge of another optimizer than plain
/// SGD.
///
/// # Errors
/// Never: a chart without points is detected when it is laid out.
pub fn chart(runs: &Runs) -> Result<Chart, String> {
    let panel = Panel {
        curves: curve_per_batch_size(runs, sharpness),
        lines: ReferenceLine::edges(runs.optimizer()),
        ..Panel::default()
    };
    Ok(Chart {
        title: "Sharpness of the minima against the step size, for every batch size".to_owned(),
        x: Axis::new(ScaleKind::Log10, "step size *η*"),
        y: Axis::new(ScaleKind::Log10, "sharpness *λ*_{max}(*H*)"),
        panels: vec![panel],
    })
}
