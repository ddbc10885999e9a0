//! Several seeds at one place become one point: their median, with the range they span.

use std::collections::BTreeMap;

use crate::statistics::median;

/// One run's value with the interval known to hold it (an enclosure, or the value itself).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl From<f64> for Measured {
    fn from(value: f64) -> Self {
        let (low, high) = (value, value);
        Self { value, low, high }
    }
}

/// What is drawn at one abscissa: the median of the seeds and a bar from `low` to `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    pub low: f64,
    pub high: f64,
    /// How many runs the point stands for.
    pub runs: usize,
}

/// Groups by `x` (positive) and summarises each group; ascending in `x`, whatever the order
/// of the input.
pub fn summarise(measured: impl IntoIterator<Item = (f64, Measured)>) -> Vec<Point> {
    // The bit patterns of positive floats are ordered as the floats are.
    let mut groups: BTreeMap<u64, Vec<Measured>> = BTreeMap::new();
    for (x, measurement) in measured {
        groups.entry(x.to_bits()).or_default().push(measurement);
    }
    let points = groups.into_iter();
    points.map(|(x, group)| point(f64::from_bits(x), &group)).collect()
}

fn point(x: f64, group: &[Measured]) -> Point {
    let lows = group.iter().map(|m| m.low);
    let highs = group.iter().map(|m| m.high);
    Point {
        x,
        y: median(group.iter().map(|m| m.value).collect()).unwrap_or(f64::NAN),
        low: lows.fold(f64::INFINITY, f64::min),
        high: highs.fold(f64::NEG_INFINITY, f64::max),
        runs: group.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(pairs: &[(f64, f64)]) -> Vec<Point> {
        summarise(pairs.iter().map(|&(x, y)| (x, y.into())))
    }

    #[test]
    fn odd_and_even_groups_have_their_median_and_range() {
        let points = plain(&[(2.0, 8.0), (1.0, 5.0), (2.0, 1.0), (1.0, 9.0), (1.0, 6.0)]);
        let expected = |x, y, low, high, runs| Point { x, y, low, high, runs };
        assert_eq!(points[0], expected(1.0, 6.0, 5.0, 9.0, 3));
        assert_eq!(points[1], expected(2.0, 4.5, 1.0, 8.0, 2));
    }

    #[test]
    fn a_bar_spans_the_enclosures_of_its_runs() {
        let run = |value, low, high| (1.0, Measured { value, low, high });
        let points = summarise([run(2.0, 1.9, 2.2), run(3.0, 2.9, 3.1), run(2.5, 1.0, 2.6)]);
        assert_eq!((points[0].y, points[0].low, points[0].high), (2.5, 1.0, 3.1));
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_the_median_lies_in_the_range(
            mut pairs in prop::collection::vec((1_u8..5, 0.1_f64..9.0), 1..40),
        ) {
            let pairs_of = |p: &[(u8, f64)]| -> Vec<(f64, f64)> {
                p.iter().map(|&(x, y)| (f64::from(x), y)).collect()
            };
            let points = plain(&pairs_of(&pairs));
            pairs.reverse();
            prop_assert_eq!(&points, &plain(&pairs_of(&pairs)));
            prop_assert!(points.windows(2).all(|w| w[0].x < w[1].x));
            prop_assert!(points.iter().all(|p| p.low <= p.y && p.y <= p.high));
            prop_assert_eq!(points.iter().map(|p| p.runs).sum::<usize>(), pairs.len());
        }
    }
}
