//! The axes of a sweep: each a list of values, or for step sizes a logarithmic range.

use super::from_node::FromNode;
use super::origin::Origin;
use super::ranges::{at_least_one, ensure, factor};
use super::section::Section;
use super::value::{Node, Value};
use crate::process::Algorithm;

/// Reads `learning_rate = [0.1, 0.2]` or `{ log10 = [-3, 0], points = 100, every = 4 }`.
///
/// The range is NumPy's `logspace`: 10^(a + k (b − a)/(points − 1)) for k = 0, every, 2·every, ….
pub fn learning_rates(section: &mut Section<'_>) -> Vec<f64> {
    const KEY: &str = "learning_rate";
    match section.take(KEY) {
        None => Vec::new(),
        Some(Node { value: Value::Table(entries), .. }) => {
            range(section.sibling(&section.key_path(KEY), entries))
        }
        Some(node) => {
            let allowed = |rate: &f64| factor(rate).is_ok();
            list(section, KEY, &node, allowed, "numbers from 1e-30 to 1e30")
        }
    }
}

/// Reads `batch_size = [1, 2, 4]`.
pub fn batch_sizes(section: &mut Section<'_>) -> Vec<usize> {
    let allowed = |size: &usize| *size >= 1;
    axis(section, "batch_size", allowed, "whole numbers, 1 or more")
}

/// Reads `seed = [0, 1, 2]`.
pub fn seeds(section: &mut Section<'_>) -> Vec<u64> {
    axis(section, "seed", |_| true, "whole numbers, 0 or more")
}

/// Reads `algorithm = ["sgd", "mixture"]`.
pub fn algorithms(section: &mut Section<'_>) -> Vec<Algorithm> {
    axis(section, "algorithm", |_| true, "the words \"sgd\" and \"mixture\"")
}

impl FromNode for Algorithm {
    const EXPECTED: &'static str = "\"sgd\" or \"mixture\"";
    fn from_node(node: &Node) -> Option<Self> {
        let word = String::from_node(node)?;
        Algorithm::WORDS.iter().find(|(name, _)| *name == word).map(|(_, algorithm)| *algorithm)
    }
}

fn axis<T: FromNode + PartialEq>(
    section: &mut Section<'_>,
    key: &'static str,
    allowed: impl Fn(&T) -> bool,
    expected: &str,
) -> Vec<T> {
    let node = section.take(key);
    node.map_or_else(Vec::new, |node| list(section, key, &node, allowed, expected))
}

fn list<T: FromNode + PartialEq>(
    section: &Section<'_>,
    key: &str,
    node: &Node,
    allowed: impl Fn(&T) -> bool,
    expected: &str,
) -> Vec<T> {
    let path = &section.key_path(key);
    let Value::Array(items) = &node.value else {
        section.add_mismatch(path, node, &format!("a list of {expected}"));
        return Vec::new();
    };
    if items.is_empty() {
        section.add_problem(
            node.origin.clone(),
            format!("`{path}` is an empty list; leave the key out to use [train]'s value"),
        );
    }
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        match T::from_node(item).filter(&allowed) {
            Some(value) if values.contains(&value) => section.add_problem(
                item.origin.clone(),
                format!("`{path}` lists {} twice", item.value.describe()),
            ),
            Some(value) => values.push(value),
            None => section.add_mismatch(path, item, &format!("a list of {expected}")),
        }
    }
    values
}

fn range(mut section: Section<'_>) -> Vec<f64> {
    let exponents = section.required("log10", |ends: &Vec<f64>| match ends[..] {
        [low, high] if low.abs() <= 30.0 && high.abs() <= 30.0 => Ok(()),
        _ => Err("a pair of exponents such as [-3, 0]"),
    });
    let points = section.required("points", |points: &usize| {
        ensure((1..=100_000).contains(points), "a whole number from 1 to 100000")
    });
    let every = section.or_default("every", 1, at_least_one);
    let path = section.key_path("log10");
    let distinct = |ends: &[f64]| points.is_none_or(|points| points <= every || ends[0] != ends[1]);
    if exponents.as_deref().is_some_and(|ends| !distinct(ends)) {
        section.add_problem(Origin::Unknown, format!("`{path}` has equal ends for several points"));
    }
    section.deny_unknown_keys();
    match (exponents.as_deref(), points) {
        (Some(&[low, high]), Some(points)) => {
            (0..points).step_by(every).map(|k| logspace(low, high, points, k)).collect()
        }
        _ => Vec::new(),
    }
}

/// Point `k` of `points` with exponents evenly spaced from `low` to `high`.
///
/// ```
/// use etastar::config::logspace;
/// assert_eq!(logspace(-3.0, 0.0, 4, 1), 0.01);
/// ```
pub fn logspace(low: f64, high: f64, points: usize, k: usize) -> f64 {
    let step = if points > 1 { (high - low) / (points - 1) as f64 } else { 0.0 };
    10_f64.powf(low + step * k as f64)
}
