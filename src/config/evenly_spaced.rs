//! Evenly spaced values between two numbers, each rounded once.

/// Point `k` of `points` that are evenly spaced from `low` to `high`.
///
/// With a and b the decimal numbers that `low` and `high` are written as, it is the fraction
/// (a (points − 1 − k) + b k)/(points − 1) in lowest terms, rounded to a double. Hence it depends on the
/// value of that fraction alone: a wider or finer range has the very same points where the two meet.
pub fn evenly_spaced(low: f64, high: f64, points: usize, k: usize) -> f64 {
    let intervals = points.saturating_sub(1).max(1);
    exactly(low, high, intervals as i128, k as i128).unwrap_or_else(|| {
        // Ends of very different magnitude, such as 1e-300 and 1, have no fraction of 128 bits.
        low + (high - low) / intervals as f64 * k as f64
    })
}

fn exactly(low: f64, high: f64, intervals: i128, k: i128) -> Option<f64> {
    let (low, high) = (Decimal::of(low)?, Decimal::of(high)?);
    let exponent = low.exponent.min(high.exponent);
    let (low, high) = (low.scaled_to(exponent)?, high.scaled_to(exponent)?);
    let sum = low.checked_mul(intervals - k)?.checked_add(high.checked_mul(k)?)?;
    let scale = |exponent: i32| 10_i128.checked_pow(exponent.unsigned_abs());
    let (numerator, denominator) = match exponent {
        0.. => (sum.checked_mul(scale(exponent)?)?, intervals),
        _ => (sum, intervals.checked_mul(scale(exponent)?)?),
    };
    let divisor = greatest_common_divisor(numerator.abs(), denominator);
    // One rounding as long as both have at most 53 bits.
    Some((numerator / divisor) as f64 / (denominator / divisor) as f64)
}

/// digits · 10^exponent.
struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    /// The shortest decimal number that is read as `value`, which is how people write it.
    fn of(value: f64) -> Option<Self> {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        Some(Self {
            digits: mantissa.replace('.', "").parse().ok()?,
            exponent: exponent.parse::<i32>().ok()? - i32::try_from(decimals).ok()?,
        })
    }

    /// The digits with another exponent, which is at most this one.
    fn scaled_to(&self, exponent: i32) -> Option<i128> {
        let factor = 10_i128.checked_pow(self.exponent.abs_diff(exponent))?;
        self.digits.checked_mul(factor)
    }
}

fn greatest_common_divisor(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(low: f64, high: f64, points: usize) -> Vec<f64> {
        (0..points).map(|k| evenly_spaced(low, high, points, k)).collect()
    }

    #[test]
    fn points_are_the_numbers_that_people_write() {
        assert_eq!(all(0.0, 0.4, 5), [0.0, 0.1, 0.2, 0.3, 0.4]);
        assert_eq!(all(-2.3, -1.3, 6), [-2.3, -2.1, -1.9, -1.7, -1.5, -1.3]);
        assert_eq!(all(1.0, 0.0, 4), [1.0, 2.0 / 3.0, 1.0 / 3.0, 0.0]);
        assert_eq!(all(1e30, 1e30, 1), [1e30]);
        assert_eq!(all(0.0, 1e3, 3), [0.0, 500.0, 1000.0]);
    }

    #[test]
    fn ends_of_any_magnitude_have_points_between_them() {
        let points = all(1e-300, 1.0, 3);
        assert_eq!((points[0], points[1], points[2]), (1e-300, 0.5, 1.0));
    }

    proptest! {
        /// A range from a to b and the same extended by whole steps on both sides, at any finer step.
        #[test]
        fn a_wider_or_finer_range_keeps_the_points(
            low in -400_i32..400, steps in 1_usize..40, digits in 0_i32..4,
            below in 0_usize..9, above in 0_usize..9, finer in 1_usize..5,
            width in 1_i32..50,
        ) {
            let at = |tenths: i64| format!("{tenths}e-{digits}").parse::<f64>().unwrap();
            let (step, low) = (i64::from(width), i64::from(low));
            let few = all(at(low), at(low + step * steps as i64), steps + 1);
            let start = at(low - step * below as i64);
            let end = at(low + step * (steps + above) as i64);
            let many = all(start, end, finer * (steps + below + above) + 1);
            for (k, value) in few.iter().enumerate() {
                prop_assert_eq!(value.to_bits(), many[finer * (k + below)].to_bits());
            }
        }
    }
}
