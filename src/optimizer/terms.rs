//! Numbers whose cancellation is known.

use std::ops::Add;

/// The difference of two sums of terms that are not negative.
///
/// It is off by at most some roundings of `positive` + `negative`, so that the loss by cancellation is
/// [`Terms::condition`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// Sum of the terms above 0.
    pub positive: f64,
    /// Minus the sum of the terms below 0.
    pub negative: f64,
}

impl Terms {
    /// One term of either sign.
    pub fn of(term: f64) -> Self {
        Self { positive: term.max(0.0), negative: (-term).max(0.0) }
    }

    /// positive − negative.
    pub fn value(self) -> f64 {
        self.positive - self.negative
    }

    /// (positive + negative)/(positive − negative); ∞ where the difference is not above 0.
    pub fn condition(self) -> f64 {
        if self.value() > 0.0 {
            (self.positive + self.negative) / self.value()
        } else {
            f64::INFINITY
        }
    }

    /// Both sums times `factor` ≥ 0.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self { positive: self.positive * factor, negative: self.negative * factor }
    }
}

impl Add for Terms {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { positive: self.positive + other.positive, negative: self.negative + other.negative }
    }
}
