//! Where a value lies on an axis.

/// How an axis maps values to places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Decades.
    Log10,
    /// Octaves, for batch sizes.
    Log2,
    /// Plain.
    Linear,
}

impl Kind {
    /// The value in the coordinate that the axis is uniform in.
    pub fn forward(self, value: f64) -> f64 {
        match self {
            Self::Log10 => value.log10(),
            Self::Log2 => value.log2(),
            Self::Linear => value,
        }
    }

    /// The value at a place of the uniform coordinate.
    pub fn inverse(self, place: f64) -> f64 {
        match self {
            Self::Log10 => 10_f64.powf(place),
            Self::Log2 => place.exp2(),
            Self::Linear => place,
        }
    }

    /// The shortest axis worth drawing (a factor of 5 on a logarithmic one): a single run gets
    /// an axis with ticks, and rounding noise doesn't fill a panel.
    fn shortest(self) -> f64 {
        match self {
            Self::Log10 => 5_f64.log10(),
            Self::Log2 => 5_f64.log2(),
            Self::Linear => 0.25,
        }
    }
}

/// An axis from `low` to `high`, both in the uniform coordinate of [`Kind::forward`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub kind: Kind,
    pub low: f64,
    pub high: f64,
}

impl Scale {
    /// Free space at both ends, as a fraction of what the data spans.
    const MARGIN: f64 = 0.05;

    /// The axis that holds all `values` (positive ones if it is logarithmic) with some air, but
    /// for those at infinity; `None` without any.
    pub fn covering(kind: Kind, values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let places = values.into_iter().map(|value| kind.forward(value));
        let places = places.filter(|place| place.is_finite());
        let (low, high) = places
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
        if low > high {
            return None;
        }
        let half = ((high - low) * (0.5 + Self::MARGIN)).max(kind.shortest() / 2.0);
        let middle = f64::midpoint(low, high);
        Some(Self { kind, low: middle - half, high: middle + half })
    }

    /// The place of a value: 0 at the lower end of the axis, 1 at the upper.
    pub fn place(&self, value: f64) -> f64 {
        (self.kind.forward(value) - self.low) / self.length()
    }

    /// From end to end, in the uniform coordinate.
    pub fn length(&self) -> f64 {
        self.high - self.low
    }

    /// Whether a value lies on the axis, rounding aside.
    pub fn holds(&self, value: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.place(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_single_value_sits_in_the_middle_of_an_axis_with_some_length() {
        let scale = Scale::covering(Kind::Log10, [0.02]).unwrap();
        assert!((scale.place(0.02) - 0.5).abs() < 1e-12);
        assert!(scale.holds(0.0090) && scale.holds(0.0447) && !scale.holds(0.05));
    }

    #[test]
    fn no_values_no_axis() {
        assert_eq!(Scale::covering(Kind::Linear, []), None);
        assert_eq!(Scale::covering(Kind::Log10, [f64::INFINITY, 0.0]), None);
    }

    proptest! {
        #[test]
        fn every_value_is_on_its_axis(values in prop::collection::vec(1e-6_f64..1e6, 1..20)) {
            for kind in [Kind::Log10, Kind::Log2, Kind::Linear] {
                let scale = Scale::covering(kind, values.iter().copied()).unwrap();
                prop_assert!(values.iter().all(|&v| (0.0..=1.0).contains(&scale.place(v))));
            }
        }
    }
}
