//! Figure 1(b) of \[M\]: the sharpness of the minima against the batch size, at a few step sizes.

use std::collections::{BTreeMap, BTreeSet};

use super::chart::{Axis, Chart, Curve, Panel, PowerLine, Shared};
use super::common::sharpness;
use super::runs::Runs;
use super::scale::Kind;
use super::style::{DISTINCT, Dash, Marker, Style};
use super::summary::summarise;

/// The step sizes of the published figure, ascending.
const PUBLISHED: [f64; 3] = [0.002, 0.012, 0.043];
/// A grid has a published step size if it comes within this factor of it, as every grid of 20
/// or more step sizes over the published three decades does.
const NEAR: f64 = 1.2;

/// One curve per step size, with 2/η as a dotted line of the same colour.
///
/// # Errors
/// A reason if no step size has runs at two batch sizes.
pub fn chart(runs: &Runs) -> Result<Chart, String> {
    let chosen = choose(&step_sizes(runs));
    if chosen.is_empty() {
        return Err("no step size has converged runs at two batch sizes".to_owned());
    }
    let mut panel = Panel::default();
    for (i, eta) in chosen.into_iter().enumerate() {
        panel.curves.push(curve(runs, eta, Style::curve(DISTINCT[i], Marker::nth(i))));
        panel.lines.push(PowerLine {
            label: "2/*η*".to_owned(),
            style: Style::reference(DISTINCT[i], Dash::Dotted),
            factor: 2.0 / eta,
            exponent: 0,
        });
    }
    Ok(Chart {
        title: "Sharpness of the minima against the batch size, at a few step sizes".to_owned(),
        x: Axis::new(Kind::Log2, "batch size *B*"),
        y: Axis::new(Kind::Log10, "sharpness *λ*_{max}(*H*)"),
        panels: vec![panel],
    })
}

fn curve(runs: &Runs, eta: f64, style: Style) -> Curve {
    let here = runs.converged.iter().filter(|run| run.learning_rate == eta);
    let pairs = here.filter_map(|run| Some((run.batch_size as f64, sharpness(run)?)));
    let (label, shared) = (format!("*η* = {}", short(eta)), Shared::StepSize(eta));
    Curve { label, style, shared, points: summarise(pairs) }
}

/// The step sizes with a sharpness at two batch sizes or more, ascending.
fn step_sizes(runs: &Runs) -> Vec<f64> {
    let mut batches: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for run in runs.converged.iter().filter(|run| run.sharpness.is_some()) {
        // The bit patterns of positive floats are ordered as the floats are.
        let eta = run.learning_rate.to_bits();
        batches.entry(eta).or_default().insert(run.batch_size);
    }
    let enough = batches.into_iter().filter(|(_, sizes)| sizes.len() > 1);
    enough.map(|(eta, _)| f64::from_bits(eta)).collect()
}

/// The published step sizes if the grid has them all, else up to three spread over it.
fn choose(grid: &[f64]) -> Vec<f64> {
    let ratio = |a: f64, b: f64| (a / b).max(b / a);
    let nearest = |target: f64| {
        let far = |eta: &f64| ratio(*eta, target);
        grid.iter().copied().min_by(|a, b| far(a).total_cmp(&far(b)))
    };
    let published: Vec<f64> = PUBLISHED.into_iter().filter_map(nearest).collect();
    let mut pairs = published.iter().zip(PUBLISHED);
    if pairs.all(|(&eta, target)| ratio(eta, target) < NEAR) {
        return published;
    }
    if grid.len() <= 3 {
        return grid.to_vec();
    }
    [1, 3, 5].map(|sixth| grid[(grid.len() - 1) * sixth / 6]).to_vec()
}

/// A number to three significant digits.
fn short(value: f64) -> String {
    let decimals = (2.0 - value.log10().floor()).clamp(0.0, 12.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_grid_yields_the_papers_step_sizes() {
        let grid: Vec<f64> =
            (0..100).map(|i| 10_f64.powf(-3.0 + 3.0 * f64::from(i) / 99.0)).collect();
        let chosen: Vec<String> = choose(&grid).into_iter().map(short).collect();
        assert_eq!(chosen, ["0.00201", "0.0123", "0.0433"]);
    }

    #[test]
    fn other_grids_are_covered() {
        assert_eq!(choose(&[]), [] as [f64; 0]);
        assert_eq!(choose(&[0.1, 0.2]), [0.1, 0.2]);
        let grid: Vec<f64> = (1..=7).map(f64::from).collect();
        assert_eq!(choose(&grid), [2.0, 4.0, 6.0]);
        assert_eq!(choose(&[1.0, 2.0, 3.0, 4.0]), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn numbers_are_short() {
        let shorten = [0.1, 0.04328761, 2000.0, 46.25, 1.0].map(short);
        assert_eq!(shorten, ["0.1", "0.0433", "2000", "46.2", "1"]);
    }
}
