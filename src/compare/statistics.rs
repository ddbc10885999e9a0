//! How far our runs are from the published ones, batch size by batch size.

use std::collections::BTreeSet;

use serde::Serialize;

use super::edge::{Edge, edge};
use super::{Published, Run};
use crate::statistics::median;

/// Step sizes count as the same within this factor; neighbours of the paper's grid differ by 1.072.
const SAME: f64 = 1.03;

/// One batch size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    pub batch_size: usize,
    /// Converged runs at published points.
    pub points: usize,
    pub sharpness: Option<Deviation>,
    pub bound_17: Option<Deviation>,
    pub bound_27: Option<Deviation>,
    /// The largest step size with a converged run, ours and the published one.
    pub largest: Option<f64>,
    pub largest_published: f64,
    /// The smallest of our step sizes above `largest` that did not converge.
    pub smallest_failed: Option<f64>,
    /// How far the minima are from the edge of mean-square stability.
    pub edge: Option<Edge>,
}

/// log(ours/published) over all points in common.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Deviation {
    /// The median: a bias.
    pub median: f64,
    /// The median of the absolute values.
    pub median_absolute: f64,
    /// The value farthest from 0.
    pub worst: f64,
}

/// One comparison for every published batch size of which there are runs.
pub fn compare(runs: &[Run], published: &[Published]) -> Vec<Comparison> {
    let sizes: BTreeSet<usize> = published.iter().map(|point| point.batch_size).collect();
    let ours = |size| runs.iter().filter(move |run: &&Run| run.batch_size == size);
    let compared = sizes.into_iter().filter(|&size| ours(size).next().is_some());
    compared
        .map(|size| {
            let runs: Vec<&Run> = ours(size).collect();
            let curve: Vec<&Published> =
                published.iter().filter(|point| point.batch_size == size).collect();
            at_one_size(size, &runs, &curve)
        })
        .collect()
}

fn at_one_size(batch_size: usize, runs: &[&Run], curve: &[&Published]) -> Comparison {
    let converged: Vec<&Run> =
        runs.iter().copied().filter(|run| run.stop_reason == "converged").collect();
    let pairs: Vec<(&Run, &Published)> =
        converged.iter().filter_map(|run| Some((*run, nearest(run, curve)?))).collect();
    let of = |ours: fn(&Run) -> Option<f64>, theirs: fn(&Published) -> f64| {
        deviation(pairs.iter().filter_map(|(run, point)| Some((ours(run)? / theirs(point)).ln())))
    };
    let largest = converged.iter().map(|run| run.learning_rate).reduce(f64::max);
    let failed = runs
        .iter()
        .filter(|run| run.stop_reason != "converged" && run.learning_rate > largest.unwrap_or(0.0));
    Comparison {
        batch_size,
        points: pairs.len(),
        sharpness: of(|run| run.sharpness_gn, |point| point.sharpness),
        bound_17: of(|run| run.bound_17, |point| point.bound_17),
        bound_27: of(|run| run.bound_27, |point| point.bound_27),
        largest,
        largest_published: curve.iter().map(|point| point.learning_rate).fold(0.0, f64::max),
        smallest_failed: failed.map(|run| run.learning_rate).reduce(f64::min),
        edge: edge(&converged),
    }
}

fn nearest<'p>(run: &Run, curve: &[&'p Published]) -> Option<&'p Published> {
    let ratio = |point: &Published| {
        (point.learning_rate / run.learning_rate).max(run.learning_rate / point.learning_rate)
    };
    let found = curve.iter().min_by(|a, b| ratio(a).total_cmp(&ratio(b)))?;
    (ratio(found) < SAME).then_some(found)
}

fn deviation(logarithms: impl Iterator<Item = f64>) -> Option<Deviation> {
    let values: Vec<f64> = logarithms.collect();
    let worst = values.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()))?;
    let absolute = values.iter().map(|value| value.abs()).collect();
    Some(Deviation { median: median(values)?, median_absolute: median(absolute)?, worst })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::read_published;

    fn run(point: &Published, factor: f64, stop_reason: &str) -> Run {
        Run {
            learning_rate: point.learning_rate * 1.001,
            batch_size: point.batch_size,
            stop_reason: stop_reason.to_owned(),
            sharpness_gn: Some(factor * point.sharpness),
            bound_17: Some(point.bound_17),
            bound_27: None,
            generalized_sharpness: None,
            effective_rank: None,
            eta_var: None,
            eta_as: None,
            lyapunov_low: None,
            lyapunov_high: None,
            lyapunov_epoch_low: None,
            lyapunov_epoch_high: None,
            eta_var_epoch: None,
            eta_as_epoch: None,
        }
    }

    #[test]
    fn ratios_and_the_end_of_convergence_are_those_of_the_runs() {
        let published = read_published(None).unwrap();
        let at_four: Vec<&Published> = published.iter().filter(|p| p.batch_size == 4).collect();
        let e = std::f64::consts::E;
        let mut runs: Vec<Run> = at_four[..5].iter().map(|p| run(p, e, "converged")).collect();
        runs.push(run(at_four[5], e.powi(-3), "converged"));
        runs.push(run(at_four[6], 1.0, "max_epochs"));
        let found = &compare(&runs, &published)[..];
        assert_eq!(found.len(), 1);
        let sharpness = found[0].sharpness.unwrap();
        assert!((sharpness.median - 1.0).abs() < 1e-12 && (sharpness.worst + 3.0).abs() < 1e-12);
        assert_eq!(found[0].points, 6);
        assert_eq!(found[0].bound_17.unwrap().worst, 0.0);
        assert_eq!(found[0].bound_27, None);
        assert_eq!(found[0].smallest_failed, Some(at_four[6].learning_rate * 1.001));
        assert!(found[0].largest.unwrap() < found[0].largest_published);
    }

    #[test]
    fn other_step_sizes_are_not_compared() {
        let published = read_published(None).unwrap();
        let between = Run { learning_rate: 0.001_035, ..run(&published[0], 1.0, "converged") };
        assert_eq!(compare(&[between], &published)[0].points, 0);
    }
}
