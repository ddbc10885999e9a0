//! Figures 2 and 3 of \[M\]: the sharpness, its bounds (17) and (27) and the exact generalized
//! sharpness against the step size, one panel per batch size.

use super::quantities::{Quantity, against_step_size, generalized_sharpness, sharpness};
use super::runs::Runs;
use crate::figures::plotting::chart::{Axis, Chart, Curve, FixedSettings, Panel, ReferenceLine};
use crate::figures::plotting::scale::ScaleKind;
use crate::figures::plotting::style::{Marker, OKABE_ITO, Style};

/// The curves of every panel, from the lowest to the highest.
const CURVES: [(&str, Marker, Quantity); 4] = [
    ("sharpness *λ*_{max}(*H*)", Marker::Circle, sharpness),
    ("lower bound (17)", Marker::Square, |run| run.bound_17.map(Into::into)),
    ("lower bound (27)", Marker::Triangle, |run| run.bound_27.map(Into::into)),
    (EXACT, Marker::Diamond, generalized_sharpness),
];

/// The label of the generalized sharpness of plain SGD, and that of other optimizers.
const EXACT: &str = "exact *λ*_{max}(*C*^{†}*D*)";
const EXACT_OF_ANY: &str = "exact generalized sharpness";

/// Curves without any value in the CSV are left out, also of the legend.
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
        x: Axis::new(ScaleKind::Log10, "step size *η*"),
        y: Axis::new(ScaleKind::Log10, "sharpness, generalized sharpness"),
        panels: runs.batch_sizes().into_iter().map(|size| panel(runs, size)).collect(),
    })
}

fn panel(runs: &Runs, batch_size: usize) -> Panel {
    // λ_max(C†D) is that of plain SGD.
    let exact_of_another = |label: &str| label == EXACT && !runs.optimizer().is_plain();
    let curves = CURVES.iter().zip(OKABE_ITO);
    let curves = curves.map(|(&(label, marker, quantity), colour)| Curve {
        label: if exact_of_another(label) { EXACT_OF_ANY } else { label }.to_owned(),
        style: Style::line_with_markers(colour, marker),
        fixed: FixedSettings::BatchSize(batch_size),
        points: against_step_size(runs.with_batch(batch_size), quantity),
    });
    Panel {
        title: format!("*B* = {batch_size}"),
        curves: curves.filter(|curve| !curve.points.is_empty()).collect(),
        lines: ReferenceLine::edges(runs.optimizer()),
        ..Panel::default()
    }
}
