//! Ratios of our measurements to the published ones, for every batch size.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::edge::{EdgeStatistics, edge_statistics};
use super::published::PublishedPoint;
use crate::statistics::median;
use crate::summary_csv::{Facet, SummaryRow};

/// Step sizes within this factor are considered equal; neighbours on the paper's grid differ by 1.072.
const SAME_STEP_SIZE: f64 = 1.03;

/// Our runs of one batch size compared with the published curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The settings on further axes of the sweep, if the runs differ in them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    pub batch_size: usize,
    /// Number of converged runs at published points.
    pub points: usize,
    pub sharpness: Option<Deviation>,
    pub bound_17: Option<Deviation>,
    pub bound_27: Option<Deviation>,
    /// The largest step size with a converged run, ours and the published one.
    pub largest: Option<f64>,
    pub largest_published: f64,
    /// The smallest of our step sizes above `largest` that did not converge.
    pub smallest_failed: Option<f64>,
    /// The distance of the minima from the edges of stability.
    pub edge: Option<EdgeStatistics>,
}

/// Statistics of log(ours/published) over all points in common.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Deviation {
    /// The median, a measure of bias.
    pub median: f64,
    /// The median of the absolute values.
    pub median_absolute: f64,
    /// The value farthest from 0.
    pub worst: f64,
}

/// One comparison for every combination of settings on further axes and every published batch size with
/// runs.
pub fn compare(runs: &[SummaryRow], published: &[PublishedPoint]) -> Vec<Comparison> {
    let mut comparisons = Vec::new();
    for (facet, runs) in by_facet(runs) {
        let settings: BTreeMap<String, String> = facet.0.into_iter().collect();
        let sizes: BTreeSet<usize> = published.iter().map(|point| point.batch_size).collect();
        for size in sizes {
            let runs: Vec<&SummaryRow> =
                runs.iter().copied().filter(|run| run.batch_size == size).collect();
            let curve: Vec<&PublishedPoint> =
                published.iter().filter(|point| point.batch_size == size).collect();
            if !runs.is_empty() {
                let settings = settings.clone();
                comparisons.push(Comparison { settings, ..at_one_size(size, &runs, &curve) });
            }
        }
    }
    comparisons
}

/// The runs of every combination of the settings in which they differ, in order.
pub fn by_facet(runs: &[SummaryRow]) -> BTreeMap<Facet, Vec<&SummaryRow>> {
    let varied = Facet::varied(runs.iter().map(|run| &run.facet));
    let mut facets: BTreeMap<Facet, Vec<&SummaryRow>> = BTreeMap::new();
    for run in runs {
        facets.entry(run.facet.only(&varied)).or_default().push(run);
    }
    facets
}

fn at_one_size(batch_size: usize, runs: &[&SummaryRow], curve: &[&PublishedPoint]) -> Comparison {
    let converged: Vec<&SummaryRow> =
        runs.iter().copied().filter(|run| run.stop_reason == "converged").collect();
    let pairs: Vec<(&SummaryRow, &PublishedPoint)> =
        converged.iter().filter_map(|run| Some((*run, nearest(run, curve)?))).collect();
    let of = |ours: fn(&SummaryRow) -> Option<f64>, theirs: fn(&PublishedPoint) -> f64| {
        deviation(pairs.iter().filter_map(|(run, point)| Some((ours(run)? / theirs(point)).ln())))
    };
    let largest = converged.iter().map(|run| run.learning_rate).reduce(f64::max);
    let failed = runs
        .iter()
        .filter(|run| run.stop_reason != "converged" && run.learning_rate > largest.unwrap_or(0.0));
    Comparison {
        settings: BTreeMap::new(),
        batch_size,
        points: pairs.len(),
        sharpness: of(|run| run.sharpness_gn, |point| point.sharpness),
        bound_17: of(|run| run.bound_17, |point| point.bound_17),
        bound_27: of(|run| run.bound_27, |point| point.bound_27),
        largest,
        largest_published: curve.iter().map(|point| point.learning_rate).fold(0.0, f64::max),
        smallest_failed: failed.map(|run| run.learning_rate).reduce(f64::min),
        edge: edge_statistics(&converged),
    }
}

fn nearest<'p>(run: &SummaryRow, curve: &[&'p PublishedPoint]) -> Option<&'p PublishedPoint> {
    let ratio = |point: &PublishedPoint| {
        (point.learning_rate / run.learning_rate).max(run.learning_rate / point.learning_rate)
    };
    let found = curve.iter().min_by(|a, b| ratio(a).total_cmp(&ratio(b)))?;
    (ratio(found) < SAME_STEP_SIZE).then_some(found)
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

    fn run(point: &PublishedPoint, factor: f64, stop_reason: &str) -> SummaryRow {
        SummaryRow {
            learning_rate: point.learning_rate * 1.001,
            batch_size: point.batch_size,
            stop_reason: stop_reason.to_owned(),
            sharpness_gn: Some(factor * point.sharpness),
            bound_17: Some(point.bound_17),
            ..SummaryRow::default()
        }
    }

    #[test]
    fn ratios_and_the_end_of_convergence_are_those_of_the_runs() {
        let published = read_published(None).unwrap();
        let at_four: Vec<&PublishedPoint> =
            published.iter().filter(|p| p.batch_size == 4).collect();
        let e = std::f64::consts::E;
        let mut runs: Vec<SummaryRow> =
            at_four[..5].iter().map(|p| run(p, e, "converged")).collect();
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
    fn runs_that_differ_in_a_further_axis_are_compared_by_themselves() {
        let published = read_published(None).unwrap();
        let with = |width: &str, factor| {
            let facet = Facet(vec![
                ("model.hidden".to_owned(), width.to_owned()),
                ("data.copies".to_owned(), "1".to_owned()),
            ]);
            SummaryRow { facet, ..run(&published[0], factor, "converged") }
        };
        let runs = [with("[128]", 1.0), with("[64]", 2.0), with("[64]", 2.0)];
        let found = compare(&runs, &published);
        let medians = found.iter().map(|c| (c.settings.clone(), c.sharpness.unwrap().median.exp()));
        let settings = |width: &str| [("model.hidden".to_owned(), width.to_owned())].into();
        let expected = [(settings("[64]"), 2.0), (settings("[128]"), 1.0)];
        for ((found, median), (settings, wanted)) in medians.zip(expected) {
            assert_eq!(found, settings);
            assert!((median - wanted).abs() < 1e-12);
        }
        assert_eq!(found.len(), 2);
        assert!(compare(&runs[1..], &published)[0].settings.is_empty());
    }

    #[test]
    fn other_step_sizes_are_not_compared() {
        let published = read_published(None).unwrap();
        let between =
            SummaryRow { learning_rate: 0.001_035, ..run(&published[0], 1.0, "converged") };
        assert_eq!(compare(&[between], &published)[0].points, 0);
    }
}
