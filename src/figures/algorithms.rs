//! SGD and the mixture of Prop 7 of \[M\] side by side: sharpness and generalized sharpness of their
//! minima against the step size, one panel per batch size.

use std::collections::{BTreeMap, BTreeSet};

use super::chart::{Axis, Chart, Curve, Panel, Shared};
use super::common::{against_step_size, generalized_sharpness, sharpness, two_over_eta};
use super::runs::{Method, Run, Runs};
use super::scale::Kind;
use super::style::{DISTINCT, Dash, Marker, Style};
use super::summary::Measured;
use crate::process::Algorithm;

type Quantity = fn(&Run) -> Option<Measured>;

const QUANTITIES: [(&str, Quantity); 2] =
    [("*λ*_{max}(*H*)", sharpness), ("*λ*_{max}(*C*^{†}*D*)", generalized_sharpness)];

/// What the figure's file is called.
pub const NAME: &str = "algorithms";
/// The small print.
pub const NOTE: &str = "mixture: one sample with probability p(B), all of them otherwise.";

/// Full markers for SGD, hollow ones for the mixture.
///
/// # Errors
/// A reason if no batch size has converged runs of two algorithms.
pub fn chart(sets: &BTreeMap<Method, Runs>) -> Result<Chart, String> {
    let sizes: BTreeSet<u64> = sets.values().flat_map(Runs::batch_sizes).collect();
    let panels: Vec<Panel> = sizes.into_iter().filter_map(|size| panel(sets, size)).collect();
    if !several(sets) || panels.is_empty() {
        return Err("no batch size has converged runs of two algorithms".to_owned());
    }
    Ok(Chart {
        title: "Minima of SGD and of the equivalent mixture against the step size".to_owned(),
        x: Axis::new(Kind::Log10, "step size *η*"),
        y: Axis::new(Kind::Log10, "sharpness, generalized sharpness"),
        panels,
    })
}

/// Whether there is more than one algorithm to compare.
pub fn several(sets: &BTreeMap<Method, Runs>) -> bool {
    let names: BTreeSet<&str> = sets.keys().map(|method| method.algorithm.as_str()).collect();
    names.len() > 1
}

fn panel(sets: &BTreeMap<Method, Runs>, batch_size: u64) -> Option<Panel> {
    let mut curves = Vec::new();
    for (k, (quantity, of)) in QUANTITIES.into_iter().enumerate() {
        for (method, runs) in sets {
            let points = against_step_size(runs.with_batch(batch_size), of);
            let label = format!("{}: {quantity}", method.algorithm);
            let style = look(&method.algorithm, k);
            let shared = Shared::BatchSizeAndAlgorithm(batch_size, method.algorithm.clone());
            curves.push(Curve { label, style, shared, points });
        }
    }
    let shown = curves.iter().filter(|curve| !curve.points.is_empty()).count();
    (shown > 1).then(|| Panel {
        title: format!("*B* = {batch_size}"),
        curves,
        lines: vec![two_over_eta()],
        ..Panel::default()
    })
}

fn look(algorithm: &str, quantity: usize) -> Style {
    let usual = algorithm == Algorithm::default().name();
    let marker = match (usual, quantity) {
        (true, 0) => Marker::Circle,
        (true, _) => Marker::Square,
        (false, 0) => Marker::Ring,
        (false, _) => Marker::Box,
    };
    let dash = if usual { Dash::Solid } else { Dash::Dashed };
    Style { colour: DISTINCT[quantity], marker: Some(marker), dash }
}
