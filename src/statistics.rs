//! Medians, ranges, standard errors and grouping of numbers.

use std::collections::BTreeMap;

use serde::Serialize;

/// The middle value, or the mean of the two middle values; `None` without any.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    let upper = *values.get(half)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[half - 1], upper) })
}

/// Number, minimum, median and maximum of some values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    pub count: usize,
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

impl Range {
    /// The range of `values`; `None` without any.
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.collect();
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        Some(Self { count: values.len(), least, median: median(values)?, most })
    }
}

/// A mean with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    pub value: f64,
    pub error: f64,
}

impl Mean {
    /// The mean of independent `values`, at least two.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let value = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|x| (x - value).powi(2)).sum();
        Self { value, error: (squares / (count - 1.0) / count).sqrt() }
    }
}

/// Every value once, ascending.
pub fn distinct(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// Groups items by a positive key; the groups are in ascending order of the key.
pub fn group_by<T>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> f64,
) -> Vec<(f64, Vec<T>)> {
    // The bit patterns of positive floats have the order of the floats.
    let mut groups: BTreeMap<u64, Vec<T>> = BTreeMap::new();
    for item in items {
        groups.entry(key(&item).to_bits()).or_default().push(item);
    }
    groups.into_iter().map(|(key, items)| (f64::from_bits(key), items)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_even_and_empty() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }

    #[test]
    fn values_are_grouped_in_ascending_order() {
        let groups = group_by([(2.0, 'a'), (0.5, 'b'), (2.0, 'c')], |item| item.0);
        assert_eq!(groups, [(0.5, vec![(0.5, 'b')]), (2.0, vec![(2.0, 'a'), (2.0, 'c')])]);
        assert_eq!(distinct([3.0, 1.0, 3.0].into_iter()), [1.0, 3.0]);
    }
}
