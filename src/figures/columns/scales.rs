//! Which scale suits some values.

use crate::figures::plotting::scale::ScaleKind;
use crate::statistics::distinct;

/// Positive values that span this factor get a logarithmic axis.
const WIDE: f64 = 20.0;
/// Larger powers of two are not written out.
const LARGEST_POWER_OF_TWO: f64 = 1e6;

/// The scale of an axis; `log` insists. `is_grid` says that the values were chosen, so that their spacing
/// tells how they are meant.
pub fn kind(values: &[f64], log: Option<bool>, is_grid: bool) -> ScaleKind {
    let positive = || values.iter().copied().filter(|value| *value > 0.0);
    let wanted = log.unwrap_or_else(|| {
        let all_positive = positive().count() == values.len();
        all_positive && (is_wide(values) || is_grid && is_geometric(values))
    });
    match wanted {
        false => ScaleKind::Linear,
        true if positive().all(is_power_of_two) => ScaleKind::Log2,
        true => ScaleKind::Log10,
    }
}

fn is_wide(values: &[f64]) -> bool {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    most >= WIDE * least
}

/// Whether the ratios of neighbours differ less than their differences.
fn is_geometric(values: &[f64]) -> bool {
    let values = distinct(values.iter().copied());
    let spread = |gap: fn(f64, f64) -> f64| {
        let gaps = || values.windows(2).map(|pair| gap(pair[0], pair[1]));
        gaps().fold(0.0, f64::max) / gaps().fold(f64::INFINITY, f64::min)
    };
    values.len() > 2 && spread(|a, b| (b / a).ln()) < spread(|a, b| b - a)
}

fn is_power_of_two(value: f64) -> bool {
    value.log2().fract() == 0.0 && value <= LARGEST_POWER_OF_TWO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_are_shown_as_they_are_spaced_and_wide_ranges_on_logarithmic_axes() {
        for (values, is_grid, expected) in [
            (&[0.005, 0.00794, 0.0126, 0.02, 0.0316, 0.05][..], true, ScaleKind::Log10),
            (&[1.0, 2.0, 4.0, 8.0], true, ScaleKind::Log2),
            (&[0.1, 0.2, 0.3, 0.4], true, ScaleKind::Linear),
            (&[0.0, 1.0, 100.0], true, ScaleKind::Linear),
            (&[1e-6, 0.3, 0.5], false, ScaleKind::Log10),
            (&[1.0, 3.0, 9.5], false, ScaleKind::Linear),
            (&[7.0], true, ScaleKind::Linear),
        ] {
            assert_eq!(kind(values, None, is_grid), expected, "{values:?}");
        }
        assert_eq!(kind(&[1.0, 2.0, 4.0], Some(false), true), ScaleKind::Linear);
        assert_eq!(kind(&[-1.0, 3.0], Some(true), true), ScaleKind::Log10);
    }
}
