//! Figures 2 and 3 of \[M\]: the sharpness, its bounds (17) and (27) and the exact generalized
//! sharpness against the step size, one panel per batch size.

use super::chart::{Axis, Chart, Curve, Panel, Shared};
use super::common::{against_step_size, generalized_sharpness, sharpness, two_over_eta};
use super::runs::{Run, Runs};
use super::scale::Kind;
use super::style::{DISTINCT, Marker, Style};
use super::summary::Measured;

type Quantity = fn(&Run) -> Option<Measured>;

/// The curves of every panel, from the lowest up.
const CURVES: [(&str, Marker, Quantity); 4] = [
    ("sharpness *λ*_{max}(*H*)", Marker::Circle, sharpness),
    ("lower bound (17)", Marker::Square, |run| run.bound_17.map(Into::into)),
    ("lower bound (27)", Marker::Triangle, |run| run.bound_27.map(Into::into)),
    ("exact *λ*_{max}(*C*^{†}*D*)", Marker::Diamond, generalized_sharpness),
];

/// Curves for which the CSV has no value are left out, also from the legend.
///
/// # Errors
/// A reason if the CSV has neither a bound nor the generalized sharpness.
pub fn chart(runs: &Runs) -> Result<Chart, String> {
    let known = |quantity: Quantity| runs.converged.iter().any(|run| quantity(run).is_some());
    if !CURVES[1..].iter().any(|&(.., quantity)| known(quantity)) {
        let columns = "`bound_17`, `bound_27` and `generalized_sharpness`";
        return Err(format!("the columns {columns} are all empty"));
    }
    Ok(Chart {
        title: "Sharpness, bounds and generalized sharpness against the step size".to_owned(),
        x: Axis::new(Kind::Log10, "step size *η*"),
        y: Axis::new(Kind::Log10, "sharpness, generalized sharpness"),
        panels: runs.batch_sizes().into_iter().map(|size| panel(runs, size)).collect(),
    })
}

fn panel(runs: &Runs, batch_size: u64) -> Panel {
    let curves = CURVES.iter().zip(DISTINCT);
    let curves = curves.map(|(&(label, marker, quantity), colour)| Curve {
        label: label.to_owned(),
        style: Style::curve(colour, marker),
        shared: Shared::BatchSize(batch_size),
        points: against_step_size(runs.with_batch(batch_size), quantity),
    });
    Panel {
        title: format!("*B* = {batch_size}"),
        curves: curves.filter(|curve| !curve.points.is_empty()).collect(),
        lines: vec![two_over_eta()],
        ..Panel::default()
    }
}
