//! SGD and the mixture of Prop 7 of \[M\] side by side: sharpness and generalized sharpness of their
//! minima against the step size, one panel per batch size.

use std::collections::{BTreeMap, BTreeSet};

use super::quantities::{Quantity, against_step_size, generalized_sharpness, sharpness};
use super::runs::{Method, Runs};
use crate::figures::plotting::chart::{Axis, Chart, Curve, FixedSettings, Panel, ReferenceLine};
use crate::figures::plotting::scale::ScaleKind;
use crate::figures::plotting::style::{Dash, Marker, OKABE_ITO, Style};
use crate::process::Algorithm;

const QUANTITIES: [(&str, Quantity); 2] =
    [("*λ*_{max}(*H*)", sharpness), (PENCIL, generalized_sharpness)];
/// The generalized sharpness of plain SGD.
const PENCIL: &str = "*λ*_{max}(*C*^{†}*D*)";

/// The name of the figure's files.
pub const NAME: &str = "algorithms";
/// The caption.
pub const CAPTION: &str = "mixture: one sample with probability p(B), all of them otherwise.";

/// Filled markers for SGD, hollow markers for the mixture.
///
/// # Errors
/// A reason if no batch size has converged runs of two algorithms.
pub fn chart(sets: &BTreeMap<Method, Runs>) -> Result<Chart, String> {
    let sizes: BTreeSet<usize> = sets.values().flat_map(Runs::batch_sizes).collect();
    let panels: Vec<Panel> = sizes.into_iter().filter_map(|size| panel(sets, size)).collect();
    if !several(sets) || panels.is_empty() {
        return Err("no batch size has converged runs of two algorithms".to_owned());
    }
    Ok(Chart {
        title: "Minima of SGD and of the equivalent mixture against the step size".to_owned(),
        x: Axis::new(ScaleKind::Log10, "step size *η*"),
        y: Axis::new(ScaleKind::Log10, "sharpness, generalized sharpness"),
        panels,
    })
}

/// Whether there is more than one algorithm to compare.
pub fn several(sets: &BTreeMap<Method, Runs>) -> bool {
    let names: BTreeSet<&str> = sets.keys().map(|method| method.algorithm.as_str()).collect();
    names.len() > 1
}

fn panel(sets: &BTreeMap<Method, Runs>, batch_size: usize) -> Option<Panel> {
    let mut curves = Vec::new();
    for (k, (name, quantity)) in QUANTITIES.into_iter().enumerate() {
        for (method, runs) in sets {
            let points = against_step_size(runs.with_batch(batch_size), quantity);
            let is_other = name == PENCIL && !runs.optimizer().is_plain();
            let name = if is_other { "generalized sharpness" } else { name };
            let label = format!("{}: {name}", method.algorithm);
            let style = style(&method.algorithm, k);
            let fixed = FixedSettings::BatchSizeAndAlgorithm(batch_size, method.algorithm.clone());
            curves.push(Curve { label, style, fixed, points });
        }
    }
    let shown = curves.iter().filter(|curve| !curve.points.is_empty()).count();
    (shown > 1).then(|| Panel {
        title: format!("*B* = {batch_size}"),
        curves,
        lines: ReferenceLine::edges(sets.values().next().map(Runs::optimizer).unwrap_or_default()),
        ..Panel::default()
    })
}

fn style(algorithm: &str, quantity: usize) -> Style {
    let is_default = algorithm == Algorithm::default().name();
    let marker = match (is_default, quantity) {
        (true, 0) => Marker::Circle,
        (true, _) => Marker::Square,
        (false, 0) => Marker::HollowCircle,
        (false, _) => Marker::HollowSquare,
    };
    let dash = if is_default { Dash::Solid } else { Dash::Dashed };
    Style { colour: OKABE_ITO[quantity], marker: Some(marker), dash }
}
