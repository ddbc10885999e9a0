//! The headline of the report and its table of batch sizes.

use super::data::{ReportData, Run};
use super::facts::{exact_share, format_number, outcome, sharpness_share};
use crate::config::OptimizerKeys;
use crate::record::Record;
use crate::statistics::Range;
use crate::text::plural;

/// Minimum, median and maximum of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

/// All runs of one batch size, algorithm and combination of settings on further axes.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchRow {
    pub batch_size: usize,
    /// The algorithm and the settings on further axes; empty if there is only one.
    pub method: String,
    pub planned: usize,
    pub converged: usize,
    /// λ_max·η/2 of the converged runs.
    pub sharpness: Option<Spread>,
    /// λ_max(C†D)·η/2 of the converged runs.
    pub exact: Option<Spread>,
}

/// One sentence on what was run.
pub fn headline(data: &ReportData) -> String {
    let (rates, sizes, seeds) = (data.learning_rates(), data.batch_sizes(), data.seeds());
    let mut axes = vec![counted(rates.len(), "step size"), counted(sizes.len(), "batch size")];
    if seeds.len() > 1 {
        axes.push(counted(seeds.len(), "seed"));
    }
    let algorithms = data.algorithms();
    if algorithms.len() > 1 {
        axes.push(counted(algorithms.len(), "algorithm"));
    }
    for axis in &data.further_axes {
        axes.push(format!("{} of {axis}", counted(data.values(axis).len(), "value")));
    }
    let is_common = |axis: &String| !axis.starts_with("model.") && !axis.starts_with("data.");
    let record = data.records().next().filter(|_| data.further_axes.iter().all(is_common));
    let has_one_optimizer = !data.further_axes.iter().any(|axis| is_of_optimizer(axis));
    let record_of_all = data.records().next().filter(|_| has_one_optimizer);
    let sgd = record_of_all
        .map_or_else(|| "SGD".to_owned(), |record| record.spec.train.optimizer().subject());
    let subject = record.map_or_else(|| format!(" of {sgd}"), |record| subject(record, &sgd));
    let subject = if data.records().next().is_none() { String::new() } else { subject };
    let range = match rates[..] {
        [] => String::new(),
        [only] => format!(", η = {}", format_number(only)),
        [first, .., last] => {
            format!(", η from {} to {}", format_number(first), format_number(last))
        }
    };
    format!("{}{subject}: {}{range}.", counted(data.runs.len(), "run"), axes.join(" × "))
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {}", plural(count, word))
}

fn is_of_optimizer(axis: &str) -> bool {
    OptimizerKeys::default_of(axis).is_some()
}

fn subject(record: &Record, sgd: &str) -> String {
    let (model, data) = (&record.spec.model, &record.spec.data);
    let widths: Vec<String> = model.hidden.iter().map(usize::to_string).collect();
    let network = match widths.len() {
        0 => "a linear network".to_owned(),
        _ => format!("a perceptron with {} hidden units", widths.join("-")),
    };
    let samples = data.samples();
    let classes = counted(data.classes.len(), "class").replace("classs", "classes");
    format!(" of {sgd}, {network} on {samples} samples of {classes}")
}

/// One row for each batch size, and for each algorithm and combination of settings if there are several.
pub fn by_batch_size(data: &ReportData) -> Vec<BatchRow> {
    let (algorithms, facets) = (data.algorithms(), data.facets());
    let mut rows = Vec::new();
    for size in data.batch_sizes() {
        for &algorithm in &algorithms {
            let name = if algorithms.len() > 1 { algorithm.name() } else { "" };
            for &facet in &facets {
                let key = |run: &&Run| {
                    (run.plan.batch_size, run.plan.algorithm, &run.facet)
                        == (size, algorithm, facet)
                };
                let runs: Vec<&Run> = data.runs.iter().filter(key).collect();
                let facet = if facets.len() > 1 { facet.to_string() } else { String::new() };
                let words = [name, &facet].into_iter().filter(|word| !word.is_empty());
                let method = words.collect::<Vec<_>>().join(", ");
                rows.extend(
                    (facets.len() == 1 || !runs.is_empty()).then(|| row(size, method, &runs)),
                );
            }
        }
    }
    rows
}

fn row(batch_size: usize, method: String, runs: &[&Run]) -> BatchRow {
    let converged = || runs.iter().copied().filter(|run| outcome(run) == "converged");
    let spread = |share: fn(&Run) -> Option<f64>| Spread::of(converged().filter_map(share));
    BatchRow {
        batch_size,
        method,
        planned: runs.len(),
        converged: converged().count(),
        sharpness: spread(sharpness_share),
        exact: spread(exact_share),
    }
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let range = Range::of(values)?;
        Some(Self { low: range.least, median: range.median, high: range.most })
    }

    /// The median to two decimals.
    pub fn middle(&self) -> String {
        format!("{:.2}", self.median)
    }

    /// Minimum and maximum to two decimals.
    pub fn range(&self) -> String {
        format!("{:.2}–{:.2}", self.low, self.high)
    }

    /// The position of a value on a strip from 0 to 1.25, on which 1 is at 160.
    pub fn place(&self, value: &f64) -> f64 {
        (value.clamp(0.0, 1.25) * 1600.0).round() / 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_have_their_middle_and_their_ends() {
        let spread = Spread::of([0.9, 0.2, 0.4, 1.7].into_iter()).unwrap();
        assert_eq!((spread.middle(), spread.range()), ("0.65".to_owned(), "0.20–1.70".to_owned()));
        assert_eq!((spread.place(&1.0), spread.place(&spread.high)), (160.0, 200.0));
        assert_eq!(Spread::of(std::iter::empty()), None);
    }
}
