//! Loss curves, downsampled so that a page of many runs stays small.

use std::path::Path;

use serde::Serialize;

use crate::train::HistoryPoint;

/// A loss curve: epochs and losses, of equal length.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LossCurve {
    pub epochs: Vec<u64>,
    pub losses: Vec<f64>,
}

/// Number of points of all curves together: about a megabyte.
const TOTAL_POINTS: usize = 80_000;

/// Maximal number of points of each of `runs` curves.
pub fn max_points(runs: usize) -> usize {
    (TOTAL_POINTS / runs.max(1)).clamp(40, 400)
}

/// Reads `history.csv`, downsampled to at most `limit` points.
///
/// # Errors
/// The reason why there is no curve.
pub fn read(path: &Path, limit: usize) -> Result<LossCurve, String> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let mut points = Vec::new();
    for point in reader.deserialize() {
        let point: HistoryPoint = point.map_err(|error| error.to_string())?;
        let loss = point.running_loss.or(point.loss).filter(|loss| *loss > 0.0);
        points.extend(loss.map(|loss| (point.epoch, loss)));
    }
    Ok(downsample(&points, limit).into_iter().collect())
}

/// At most `limit` of `points`: the ends, and the lowest and the highest point of equally long
/// intervals between them, so that no spike is lost.
fn downsample(points: &[(u64, f64)], limit: usize) -> Vec<(u64, f64)> {
    let [first, inner @ .., last] = points else { return points.to_vec() };
    if points.len() <= limit.max(4) {
        return points.to_vec();
    }
    let stretches = (limit.max(4) - 2) / 2;
    let mut kept = vec![*first];
    for stretch in inner.chunks(inner.len().div_ceil(stretches)) {
        kept.extend(extremes(stretch));
    }
    kept.push(*last);
    kept
}

/// The lowest and the highest point, in order; one point if they are equal.
fn extremes(stretch: &[(u64, f64)]) -> Vec<(u64, f64)> {
    let by_loss = |a: &&(u64, f64), b: &&(u64, f64)| a.1.total_cmp(&b.1);
    let ends = [stretch.iter().min_by(by_loss), stretch.iter().max_by(by_loss)];
    let mut ends: Vec<(u64, f64)> = ends.into_iter().flatten().copied().collect();
    ends.sort_by_key(|point| point.0);
    ends.dedup();
    ends
}

impl FromIterator<(u64, f64)> for LossCurve {
    fn from_iter<I: IntoIterator<Item = (u64, f64)>>(points: I) -> Self {
        let (epochs, losses) =
            points.into_iter().map(|(epoch, loss)| (epoch, round_to_four_digits(loss))).unzip();
        Self { epochs, losses }
    }
}

/// Rounds to four significant digits, finer than a screen resolves.
pub fn round_to_four_digits(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_spike_survives() {
        let mut points: Vec<(u64, f64)> = (0..5000).map(|i| (i, 1.0 + 1e-3 * i as f64)).collect();
        points[3217].1 = 900.0;
        points[1234].1 = 1e-9;
        let kept = downsample(&points, 60);
        assert!(kept.len() <= 60 && kept.contains(&points[3217]) && kept.contains(&points[1234]));
    }

    #[test]
    fn losses_are_rounded_and_unreadable_files_say_why() {
        assert_eq!(round_to_four_digits(1.234_567_8e-7), 1.235e-7);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        assert!(read(&path, 60).unwrap_err().contains("No such file"));
        std::fs::write(&path, "epoch,step,learning_rate,running_loss,loss\n0,0,0.1,,half").unwrap();
        assert!(read(&path, 60).unwrap_err().contains("line: 2"));
        std::fs::write(&path, "epoch,step,learning_rate,running_loss,loss\n0,0,1,,2.5\n1,9,1,2,\n")
            .unwrap();
        let curve = LossCurve { epochs: vec![0, 1], losses: vec![2.5, 2.0] };
        assert_eq!(read(&path, 60), Ok(curve));
    }

    proptest! {
        #[test]
        fn downsampled_curves_keep_ends_extremes_and_order(
            losses in prop::collection::vec(1e-9_f64..1e9, 0..500), limit in 4_usize..100,
        ) {
            let points: Vec<(u64, f64)> = (0..).zip(losses).collect();
            let kept = downsample(&points, limit);
            prop_assert!(kept.len() <= limit);
            prop_assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
            prop_assert_eq!(kept.first(), points.first());
            prop_assert_eq!(kept.last(), points.last());
            let highest = |of: &[(u64, f64)]| of.iter().map(|p| p.1).fold(0.0, f64::max);
            prop_assert_eq!(highest(&kept), highest(&points));
        }
    }
}
