//! The scale μ at which a decreasing function of μ is 1.

/// The least μ ≥ `low` with `quotient`(μ) ≤ 1, for a quotient that falls to 0 as μ grows; `low` itself where the
/// quotient is at most 1 there. To a relative 1e-13.
///
/// By false position (the Illinois method) on 1/quotient, which is affine in μ where the kernel's inverse is.
pub fn scale_where_one(low: f64, quotient: impl Fn(f64) -> f64) -> f64 {
    /// 2^200 times `low` is beyond any curvature.
    const DOUBLINGS: usize = 200;
    const STEPS: usize = 100;
    const ACCURACY: f64 = 1e-13;
    // Below 0: the quotient is above 1, or there is a pole.
    let gap = |scale: f64| {
        let inverse = 1.0 / quotient(scale);
        if inverse.is_nan() { -1.0 } else { inverse.max(0.0) - 1.0 }
    };
    let (mut below, mut at_below) = (low, gap(low));
    if at_below >= 0.0 {
        return low;
    }
    let (mut above, mut at_above) = (2.0 * low, gap(2.0 * low));
    for _ in 0..DOUBLINGS {
        if at_above >= 0.0 {
            break;
        }
        (below, at_below) = (above, at_above);
        above *= 2.0;
        at_above = gap(above);
    }
    let mut last_below = None;
    for _ in 0..STEPS {
        if above - below <= ACCURACY * above {
            break;
        }
        let secant = below - at_below * (above - below) / (at_above - at_below);
        let margin = 0.25 * ACCURACY * above;
        let next = if secant.is_finite() {
            secant.clamp(below + margin, above - margin)
        } else {
            0.5 * (below + above)
        };
        let at_next = gap(next);
        let is_below = at_next < 0.0;
        if is_below {
            (below, at_below) = (next, at_next);
            if last_below == Some(true) {
                at_above *= 0.5;
            }
        } else {
            (above, at_above) = (next, at_next);
            if last_below == Some(false) {
                at_below *= 0.5;
            }
        }
        last_below = Some(is_below);
        if at_next.abs() <= ACCURACY {
            return next;
        }
    }
    above
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

    #[test]
    fn an_affine_inverse_takes_few_evaluations() {
        let count = std::cell::Cell::new(0);
        let found = scale_where_one(1.0, |scale| {
            count.set(count.get() + 1);
            3.7 / (2.0 * scale - 0.4)
        });
        assert!((found - 2.05).abs() < 1e-12, "{found}");
        assert!(count.get() <= 6, "{}", count.get());
    }

    #[test]
    fn curved_inverses_converge() {
        for power in [0.5, 2.0, 5.0] {
            let found = scale_where_one(1.0, |scale: f64| 50.0 / scale.powf(power));
            assert!((found / 50.0_f64.powf(1.0 / power) - 1.0).abs() < 1e-12, "{power} {found}");
        }
    }
}
