//! Scales: how an axis maps values to positions.

/// The function that a scale applies before it is linear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScaleKind {
    /// log₁₀.
    Log10,
    /// log₂, for batch sizes.
    Log2,
    /// The identity.
    Linear,
}

impl ScaleKind {
    /// The transformed value.
    pub fn forward(self, value: f64) -> f64 {
        match self {
            Self::Log10 => value.log10(),
            Self::Log2 => value.log2(),
            Self::Linear => value,
        }
    }

    /// The value with this transform.
    pub fn inverse(self, transformed: f64) -> f64 {
        match self {
            Self::Log10 => 10_f64.powf(transformed),
            Self::Log2 => transformed.exp2(),
            Self::Linear => transformed,
        }
    }

    /// The least length of a scale (a factor of 5 on a logarithmic one) for values up to `largest` in
    /// magnitude, so that a single run gets ticks and rounding errors don't fill a panel.
    fn min_length(self, largest: f64) -> f64 {
        match self {
            Self::Log10 => 5_f64.log10(),
            Self::Log2 => 5_f64.log2(),
            Self::Linear if largest == 0.0 => 1.0,
            Self::Linear => (largest / 4.0).min(0.25).max(largest * 1e-6),
        }
    }
}

/// A scale from `low` to `high`, both transformed by [`ScaleKind::forward`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub kind: ScaleKind,
    pub low: f64,
    pub high: f64,
}

impl Scale {
    /// Margin at both ends, as a fraction of the range of the data.
    const MARGIN: f64 = 0.05;

    /// The scale that covers all `values` with a margin. Values without a finite transform are ignored;
    /// `None` if there are no others.
    pub fn covering(kind: ScaleKind, values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let transformed = values.into_iter().map(|value| kind.forward(value));
        let finite = transformed.filter(|value| value.is_finite());
        let (low, high) = finite
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
        if low > high {
            return None;
        }
        let least = kind.min_length(low.abs().max(high.abs()));
        let half = ((high - low) * (0.5 + Self::MARGIN)).max(least / 2.0);
        let middle = f64::midpoint(low, high);
        Some(Self { kind, low: middle - half, high: middle + half })
    }

    /// The position of a value: 0 at the lower end of the scale, 1 at the upper.
    pub fn normalize(&self, value: f64) -> f64 {
        (self.kind.forward(value) - self.low) / self.length()
    }

    /// The length of the transformed interval.
    pub fn length(&self) -> f64 {
        self.high - self.low
    }

    /// Whether the scale covers a value, up to rounding.
    pub fn contains(&self, value: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.normalize(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_single_value_sits_in_the_middle_of_an_axis_with_some_length() {
        let scale = Scale::covering(ScaleKind::Log10, [0.02]).unwrap();
        assert!((scale.normalize(0.02) - 0.5).abs() < 1e-12);
        assert!(scale.contains(0.0090) && scale.contains(0.0447) && !scale.contains(0.05));
    }

    #[test]
    fn no_values_no_axis() {
        assert_eq!(Scale::covering(ScaleKind::Linear, []), None);
        assert_eq!(Scale::covering(ScaleKind::Log10, [f64::INFINITY, 0.0]), None);
    }

    proptest! {
        #[test]
        fn every_value_is_on_its_axis(values in prop::collection::vec(1e-6_f64..1e6, 1..20)) {
            for kind in [ScaleKind::Log10, ScaleKind::Log2, ScaleKind::Linear] {
                let scale = Scale::covering(kind, values.iter().copied()).unwrap();
                prop_assert!(values.iter().all(|&v| (0.0..=1.0).contains(&scale.normalize(v))));
            }
        }
    }
}
