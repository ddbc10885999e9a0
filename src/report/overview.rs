//! The report in one sentence and one small table.

use super::content::{Content, Run};
use super::facts::{exact_share, outcome, pretty, sharpness_share};
use crate::process::Algorithm;
use crate::record::Record;

/// The middle and the ends of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

/// All runs of one batch size and algorithm.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchRow {
    pub batch_size: usize,
    /// Named if there are several.
    pub algorithm: &'static str,
    pub planned: usize,
    pub converged: usize,
    /// λ_max·η/2 of the converged runs.
    pub sharpness: Option<Spread>,
    /// λ_max(C†D)·η/2 of the converged runs.
    pub exact: Option<Spread>,
}

/// What was run, in a sentence.
pub fn sentence(content: &Content) -> String {
    let (rates, sizes, seeds) = (content.learning_rates(), content.batch_sizes(), content.seeds());
    let mut axes = vec![axis(rates.len(), "step size"), axis(sizes.len(), "batch size")];
    if seeds.len() > 1 {
        axes.push(axis(seeds.len(), "seed"));
    }
    let algorithms = content.algorithms();
    if algorithms.len() > 1 {
        axes.push(axis(algorithms.len(), "algorithm"));
    }
    let subject = content.records().next().map_or(String::new(), subject);
    let range = match rates[..] {
        [] => String::new(),
        [only] => format!(", η = {}", pretty(only)),
        [first, .., last] => format!(", η from {} to {}", pretty(first), pretty(last)),
    };
    format!("{}{subject}: {}{range}.", axis(content.runs.len(), "run"), axes.join(" × "))
}

fn axis(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn subject(record: &Record) -> String {
    let (model, data) = (&record.spec.model, &record.spec.data);
    let widths: Vec<String> = model.hidden.iter().map(usize::to_string).collect();
    let network = match widths.len() {
        0 => "a linear network".to_owned(),
        _ => format!("a perceptron with {} hidden units", widths.join("-")),
    };
    let samples = data.samples_per_class * data.classes.len();
    let classes = axis(data.classes.len(), "class").replace("classs", "classes");
    format!(" of SGD, {network} on {samples} samples of {classes}")
}

/// One row for each batch size, and for each algorithm if there are several.
pub fn by_batch_size(content: &Content) -> Vec<BatchRow> {
    let algorithms = content.algorithms();
    let row = |(batch_size, algorithm): (usize, Algorithm)| {
        let same =
            move |run: &&Run| (run.plan.batch_size, run.plan.algorithm) == (batch_size, algorithm);
        let here = || content.runs.iter().filter(same);
        let converged = || here().filter(|run| outcome(run) == "converged");
        let spread = |share: fn(&Run) -> Option<f64>| Spread::of(converged().filter_map(share));
        BatchRow {
            batch_size,
            algorithm: if algorithms.len() > 1 { algorithm.name() } else { "" },
            planned: here().count(),
            converged: converged().count(),
            sharpness: spread(sharpness_share),
            exact: spread(exact_share),
        }
    };
    let sizes = content.batch_sizes().into_iter();
    sizes.flat_map(|size| algorithms.iter().map(move |&known| (size, known))).map(row).collect()
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (*values.first()?, *values.last()?);
        let half = values.len() / 2;
        let median = match values.len() % 2 {
            1 => values[half],
            _ => f64::midpoint(values[half - 1], values[half]),
        };
        Some(Self { low, median, high })
    }

    /// The middle, to two decimals.
    pub fn middle(&self) -> String {
        format!("{:.2}", self.median)
    }

    /// From end to end.
    pub fn range(&self) -> String {
        format!("{:.2}–{:.2}", self.low, self.high)
    }

    /// A value's place on a strip from 0 to 1.25, on which 1 lies at 160.
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
