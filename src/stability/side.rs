//! On which side of a threshold a step size lies.

use serde::Serialize;

/// What an interval says about stability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Stable,
    Unstable,
    /// The interval leaves both open.
    Undecided,
}

impl Side {
    /// The side of `step_size` if the threshold is between `low` and `high`.
    ///
    /// ```
    /// use etastar::stability::side::Side;
    /// assert_eq!(Side::of_step_size(0.1, 0.2, 0.3), Side::Stable);
    /// assert_eq!(Side::of_step_size(0.25, 0.2, 0.3), Side::Undecided);
    /// ```
    pub fn of_step_size(step_size: f64, low: f64, high: f64) -> Self {
        if step_size <= low {
            Self::Stable
        } else if step_size > high {
            Self::Unstable
        } else {
            Self::Undecided
        }
    }

    /// The side of a step size whose Lyapunov exponent is between `low` and `high`.
    pub fn of_exponent(low: f64, high: f64) -> Self {
        if high < 0.0 {
            Self::Stable
        } else if low > 0.0 {
            Self::Unstable
        } else {
            Self::Undecided
        }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Unstable => "unstable",
            Self::Undecided => "undecided",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Side;

    #[test]
    fn an_interval_that_contains_the_value_decides_nothing() {
        for (low, high, side) in [
            (2.0, 3.0, Side::Stable),
            (0.0, 0.5, Side::Unstable),
            (0.5, 1.5, Side::Undecided),
            // Nothing is known of the lower end.
            (0.0, f64::INFINITY, Side::Undecided),
            (f64::NAN, f64::NAN, Side::Undecided),
        ] {
            assert_eq!(Side::of_step_size(1.0, low, high), side, "{low} {high}");
        }
        for (low, high, side) in [
            (-2.0, -1.0, Side::Stable),
            (f64::NEG_INFINITY, -1.0, Side::Stable),
            (1.0, 2.0, Side::Unstable),
            (-1.0, 1.0, Side::Undecided),
            (f64::NAN, f64::NAN, Side::Undecided),
        ] {
            assert_eq!(Side::of_exponent(low, high), side, "{low} {high}");
        }
    }
}
