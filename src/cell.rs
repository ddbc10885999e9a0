//! The text of a cell as a number, and the order of cells.

use std::cmp::Ordering;
use std::collections::HashSet;

/// The number in a cell, `0.5`; a list of one number, `[64]`, counts as that number.
pub fn number(text: &str) -> Option<f64> {
    match numbers(text)?[..] {
        [number] => Some(number),
        _ => None,
    }
}

/// A number, or the numbers of a list.
fn numbers(text: &str) -> Option<Vec<f64>> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inner.unwrap_or(text).split(',').map(|part| finite_or_word(part.trim())).collect()
}

/// A number that fits, `inf` or `NaN`; the run `12e4567890123456` is not infinite.
fn finite_or_word(text: &str) -> Option<f64> {
    let number = text.parse().ok();
    number.filter(|number: &f64| number.is_finite() || !text.contains(|c: char| c.is_ascii_digit()))
}

/// Whether two cells have the same value: `0.10` is `0.1`, and blanks in a list do not count.
pub fn same(a: &str, b: &str) -> bool {
    match (numbers(a), numbers(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// Numbers and lists of numbers in ascending order, then words.
pub fn order(a: &str, b: &str) -> Ordering {
    match (numbers(a), numbers(b)) {
        (Some(left), Some(right)) => {
            let pairs = left.iter().zip(&right).map(|(a, b)| a.total_cmp(b));
            let differing = pairs.into_iter().find(|order| order.is_ne());
            differing.unwrap_or(left.len().cmp(&right.len())).then_with(|| a.cmp(b))
        }
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// Every value once, in [`order`].
pub fn distinct<'c>(cells: impl Iterator<Item = &'c str>) -> Vec<String> {
    let mut values: Vec<&str> = cells.collect::<HashSet<_>>().into_iter().collect();
    values.sort_by(|a, b| order(a, b));
    values.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_one_are_numbers_and_longer_ones_are_ordered() {
        assert_eq!(number("[64]"), Some(64.0));
        assert_eq!(number("1e-3"), Some(1e-3));
        for text in ["", "[64, 128]", "sgd", "[]", "2026-11-26", "12e4567890123456"] {
            assert_eq!(number(text), None, "{text}");
        }
        assert!(same("0.10", "0.1") && same("[64,128]", "[64, 128]") && same("[64]", "64"));
        assert!(!same("64", "[64, 128]") && !same("sgd", "SGD") && !same("", "0"));
        let cells = ["sgd", "[128]", "[64]", "[64, 8]", "9", "[64]", "10"];
        assert_eq!(
            distinct(cells.into_iter()),
            ["9", "10", "[64]", "[64, 8]", "[128]", "sgd"].map(str::to_owned)
        );
    }
}
