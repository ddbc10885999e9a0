//! The scale μ at which a decreasing function of μ is 1.

/// The least μ ≥ `low` with `quotient`(μ) ≤ 1, for a quotient that falls to 0 as μ grows; `low` itself where the
/// quotient is at most 1 there. To a relative 1e-13.
pub fn scale_where_one(low: f64, quotient: impl Fn(f64) -> f64) -> f64 {
    /// 2^200 times `low` is beyond any curvature.
    const DOUBLINGS: usize = 200;
    const HALVINGS: usize = 60;
    let above = |scale: f64| {
        let value = quotient(scale);
        value > 1.0 || value < 0.0 || value.is_nan()
    };
    if !above(low) {
        return low;
    }
    let (mut below, mut high) = (low, 2.0 * low);
    for _ in 0..DOUBLINGS {
        if !above(high) {
            break;
        }
        (below, high) = (high, 2.0 * high);
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (below + high);
        if high - below <= 1e-13 * high {
            break;
        }
        if above(middle) { below = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::scale_where_one;

    #[test]
    fn the_root_of_a_decreasing_function() {
        for root in [1.5, 7.0, 1e6] {
            let found = scale_where_one(1.0, |scale| root / scale);
            assert!((found / root - 1.0).abs() < 1e-12, "{found} {root}");
        }
        assert_eq!(scale_where_one(1.0, |scale| 0.5 / scale), 1.0);
        // A pole at the lower end.
        let found = scale_where_one(1.0, |scale| 0.25 / (scale - 1.0));
        assert!((found - 1.25).abs() < 1e-12);
    }
}
