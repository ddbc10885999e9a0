//! SGD and the mixture of Prop 7 of \[M\] side by side: sharpness and generalized sharpness of their
//! minima against the step size, one panel per batch size.

use std::collections::{BTreeMap, BTreeSet};

use super::chart::{Axis, Chart, Curve, Panel};
use super::common::{against_step_size, generalized_sharpness, sharpness, two_over_eta};
use super::runs::{Method, Run, Runs};
use super::scale::Kind;
use super::style::{DISTINCT, Dash, Marker, Style};
use super::summary::Measured;

type Quantity = fn(&Run) -> Option<Measured>;

const QUANTITIES: [(&str, Quantity); 2] =
    [("*λ*_{max}(*H*)", sharpness), ("*λ*_{max}(*C*^{†}*D*)", generalized_sharpness)];

/// Full markers for SGD, hollow ones for the mixture.
///
/// # Errors
/// A reason if no batch size has converged runs of two algorithms.
pub fn chart(sets: &BTreeMap<Method, Runs>) -> Result<Chart, String> {
    let algorithms: BTreeSet<&str> = sets.keys().map(|method| method.algorithm.as_str()).collect();
    let sizes: BTreeSet<u64> = sets.values().flat_map(Runs::batch_sizes).collect();
    let panels: Vec<Panel> = sizes.into_iter().filter_map(|size| panel(sets, size)).collect();
    if algorithms.len() < 2 || panels.is_empty() {
        return Err("no batch size has converged runs of two algorithms".to_owned());
    }
    Ok(Chart {
        title: "Minima of SGD and of the equivalent mixture against the step size".to_owned(),
        x: Axis::new(Kind::Log10, "step size *η*"),
        y: Axis::new(Kind::Log10, "sharpness, generalized sharpness"),
        panels,
    })
}

fn panel(sets: &BTreeMap<Method, Runs>, batch_size: u64) -> Option<Panel> {
    let mut curves = Vec::new();
    for (k, (quantity, of)) in QUANTITIES.into_iter().enumerate() {
        for (method, runs) in sets {
            let points = against_step_size(runs.with_batch(batch_size), of);
            let label = format!("{}: {quantity}", method.algorithm);
            curves.push(Curve { label, style: look(&method.algorithm, k), points });
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
    let marker = match (algorithm, quantity) {
        ("sgd", 0) => Marker::Circle,
        ("sgd", _) => Marker::Square,
        (_, 0) => Marker::Ring,
        (_, _) => Marker::Box,
    };
    let dash = if algorithm == "sgd" { Dash::Solid } else { Dash::Dashed };
    Style { colour: DISTINCT[quantity], marker: Some(marker), dash }
}
