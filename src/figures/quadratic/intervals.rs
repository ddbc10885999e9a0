//! The tiles of a grid on logarithmic axes.

use crate::statistics::distinct;

/// Every value once, ascending, with the interval of a logarithmic axis that is nearer to it than to the
/// other values.
pub fn intervals(values: impl Iterator<Item = f64>) -> Vec<(f64, (f64, f64))> {
    let values = distinct(values);
    let middle = |k: usize| (values[k] * values[k + 1]).sqrt();
    let last = values.len().saturating_sub(1);
    let interval = |k: usize| {
        let low = if k > 0 { middle(k - 1) } else { 0.5 * values[0] };
        let high = if k < last { middle(k) } else { 2.0 * values[last] };
        (values[k], (low, high))
    };
    (0..values.len()).map(interval).collect()
}

/// That of `value`.
pub fn interval_of(intervals: &[(f64, (f64, f64))], value: f64) -> (f64, f64) {
    let found = intervals.iter().find(|(known, _)| *known == value);
    found.map_or((value, value), |(_, interval)| *interval)
}
