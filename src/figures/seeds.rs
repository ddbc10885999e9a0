//! Several seeds with the same settings become one point: their median and their range.

use super::plotting::chart::Point;
use crate::statistics::{group_by, median};

/// The value of one run with the interval that contains it: an enclosure, or the value alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurement {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl From<f64> for Measurement {
    fn from(value: f64) -> Self {
        let (low, high) = (value, value);
        Self { value, low, high }
    }
}

/// One point for every x (positive), ascending in x, whatever the order of the input.
pub fn aggregate(measurements: impl IntoIterator<Item = (f64, Measurement)>) -> Vec<Point> {
    let groups = group_by(measurements, |(x, _)| *x).into_iter();
    groups.map(|(x, group)| point(x, &group)).collect()
}

fn point(x: f64, group: &[(f64, Measurement)]) -> Point {
    let lows = group.iter().map(|(_, m)| m.low);
    let highs = group.iter().map(|(_, m)| m.high);
    Point {
        x,
        y: median(group.iter().map(|(_, m)| m.value).collect()).unwrap_or(f64::NAN),
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
        aggregate(pairs.iter().map(|&(x, y)| (x, y.into())))
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
        let run = |value, low, high| (1.0, Measurement { value, low, high });
        let points = aggregate([run(2.0, 1.9, 2.2), run(3.0, 2.9, 3.1), run(2.5, 1.0, 2.6)]);
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
