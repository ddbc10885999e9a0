//! Figure 1(b) of \[M\]: the sharpness of the minima against the batch size, at a few step sizes.

use std::collections::BTreeSet;

use super::quantities::sharpness;
use super::runs::Runs;
use crate::figures::plotting::chart::{
    Axis, Chart, Curve, FixedSettings, Panel, ReferenceLine, full_batch_label,
};
use crate::figures::plotting::scale::ScaleKind;
use crate::figures::plotting::style::{Dash, Marker, OKABE_ITO, Style};
use crate::figures::seeds::aggregate;
use crate::statistics::group_by;
use crate::summary_csv::SummaryRow;

/// The step sizes of the published figure, ascending.
const PUBLISHED: [f64; 3] = [0.002, 0.012, 0.043];
/// A grid includes a published step size if one of its own is within this factor, as in every grid of
/// 20 or more step sizes over the published three decades.
const NEAR: f64 = 1.2;

/// One curve per step size, and 2/η as a dotted line of the same colour; for other optimizers than plain SGD
/// their full-batch edge as a dashed one.
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
        panel.curves.push(curve(runs, eta, Style::line_with_markers(OKABE_ITO[i], Marker::nth(i))));
        let dotted = Style::line(OKABE_ITO[i], Dash::Dotted);
        let (optimizer, dashed) = (runs.optimizer(), Style::line(OKABE_ITO[i], Dash::Dashed));
        panel.lines.push(ReferenceLine::horizontal("2/*η*", dotted, optimizer.rule().edge(eta)));
        if !optimizer.is_plain() {
            let edge = optimizer.rule().full_batch_edge(eta);
            panel.lines.push(ReferenceLine::horizontal(&full_batch_label(optimizer), dashed, edge));
        }
    }
    Ok(Chart {
        title: "Sharpness of the minima against the batch size, at a few step sizes".to_owned(),
        x: Axis::new(ScaleKind::Log2, "batch size *B*"),
        y: Axis::new(ScaleKind::Log10, "sharpness *λ*_{max}(*H*)"),
        panels: vec![panel],
    })
}

fn curve(runs: &Runs, eta: f64, style: Style) -> Curve {
    let here = runs.converged.iter().filter(|run| run.learning_rate == eta);
    let pairs = here.filter_map(|run| Some((run.batch_size as f64, sharpness(run)?)));
    let (label, fixed) = (format!("*η* = {}", short(eta)), FixedSettings::StepSize(eta));
    Curve { label, style, fixed, points: aggregate(pairs) }
}

/// The step sizes with a sharpness at two batch sizes or more, ascending.
fn step_sizes(runs: &Runs) -> Vec<f64> {
    let measured = runs.of_figure().iter().filter(|run| run.sharpness_gn.is_some());
    let groups = group_by(measured, |run| run.learning_rate).into_iter();
    let several = |(_, group): &(f64, Vec<&SummaryRow>)| {
        group.iter().map(|run| run.batch_size).collect::<BTreeSet<_>>().len() > 1
    };
    groups.filter(several).map(|(eta, _)| eta).collect()
}

/// The published step sizes if the grid includes them all, otherwise up to three spread over it.
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
