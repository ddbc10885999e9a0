//! The ticks of an axis and their labels.

use super::markup;
use super::scale::{Scale, ScaleKind};

/// A tick with a label in [`markup`].
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    pub value: f64,
    pub label: String,
}

/// The ticks of one axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ticks {
    /// Ticks with a label and a grid line.
    pub major: Vec<Tick>,
    /// Short ticks without a label.
    pub minor: Vec<f64>,
    /// The power of ten that the labels leave to the label of the axis.
    pub exponent: Option<i32>,
}

/// The space for labels along an axis.
#[derive(Debug, Clone, Copy)]
pub struct LabelSpace {
    /// Length of the axis.
    pub length: f64,
    /// Font size of the labels, in the same unit.
    pub font_size: f64,
    /// Whether the axis is horizontal: labels are then side by side, otherwise stacked.
    pub horizontal: bool,
}

impl Ticks {
    /// The ticks of `scale`, as many as `space` allows.
    pub fn of(scale: &Scale, space: LabelSpace) -> Self {
        match scale.kind {
            ScaleKind::Log10 => log10_ticks(scale, space),
            ScaleKind::Log2 => log2_ticks(scale, space),
            ScaleKind::Linear => linear_ticks(scale, space),
        }
    }
}

/// Powers of ten if there are three or more; otherwise also 2 and 5, or 1, 2, 3, 5, 7 times them.
fn log10_ticks(scale: &Scale, space: LabelSpace) -> Ticks {
    let decades = multiples(scale, &[1]);
    let mut major = decades.clone();
    if decades.len() < 3 {
        let finer = [&[1, 2, 5][..], &[1, 2, 3, 5, 7]].map(|set| multiples(scale, set));
        let enough = |ticks: &&Vec<Tick>| ticks.len() >= 3 && space.all_fit(scale, ticks);
        match finer.iter().find(enough) {
            Some(ticks) => major.clone_from(ticks),
            None if decades.len() < 2 => major.clone_from(&finer[1]),
            None => {}
        }
    }
    let major = space.thin(scale, major);
    let all = multiples(scale, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let minor = all.iter().map(|tick| tick.value);
    let minor = minor.filter(|v| major.iter().all(|tick| tick.value != *v));
    // Minor ticks in more than eight decades would merge.
    let minor = if decades.len() > 8 { Vec::new() } else { minor.collect() };
    Ticks { major, minor, exponent: None }
}

/// The values `digit`·10ᵏ on the scale.
fn multiples(scale: &Scale, digits: &[u8]) -> Vec<Tick> {
    let decades = scale.low.floor() as i32..=scale.high.ceil() as i32;
    let pairs = decades.flat_map(|k| digits.iter().map(move |&digit| (digit, k)));
    let ticks: Vec<(u8, i32, f64)> = pairs
        .map(|(digit, k)| (digit, k, f64::from(digit) * 10_f64.powi(k)))
        .filter(|&(.., value)| scale.contains(value))
        .collect();
    let plain = ticks.iter().all(|&(_, k, _)| (-3..4).contains(&k))
        && (digits.len() > 1 || ticks.iter().all(|&(_, k, _)| (-2..3).contains(&k)));
    let label = |digit, k| {
        if plain { decimal_label(digit, k) } else { power_label(digit, k) }
    };
    let ticks = ticks.into_iter();
    ticks.map(|(digit, k, value)| Tick { value, label: label(digit, k) }).collect()
}

fn decimal_label(digit: u8, k: i32) -> String {
    if k < 0 {
        format!("0.{}{digit}", "0".repeat((-1 - k) as usize))
    } else {
        format!("{digit}{}", "0".repeat(k as usize))
    }
}

fn power_label(digit: u8, k: i32) -> String {
    let factor = if digit == 1 { String::new() } else { format!("{digit}×") };
    format!("{factor}10^{{{k}}}").replace('-', "−")
}

/// Powers of two.
fn log2_ticks(scale: &Scale, space: LabelSpace) -> Ticks {
    let powers = (scale.low.ceil() as i32)..=(scale.high.floor() as i32);
    let tick = |k: i32| Tick {
        value: 2_f64.powi(k),
        label: if k < 0 { format!("1/{}", 2_f64.powi(-k)) } else { format!("{}", 2_f64.powi(k)) },
    };
    let all: Vec<Tick> = powers.map(tick).collect();
    let major = space.thin(scale, all.clone());
    let minor = all.iter().map(|tick| tick.value);
    let minor = minor.filter(|v| major.iter().all(|tick| tick.value != *v)).collect();
    Ticks { major, minor, exponent: None }
}

/// Multiples of a round step: three to seven of them.
fn linear_ticks(scale: &Scale, space: LabelSpace) -> Ticks {
    let rough = scale.length() / 6.5;
    let k = rough.log10().floor() as i32;
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * 10_f64.powi(k));
    let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let first = (scale.low / step).ceil() as i64;
    let last = (scale.high / step).floor() as i64;
    let values = (first..=last).map(|i| i as f64 * step);
    let largest = scale.low.abs().max(scale.high.abs());
    let exponent = Some(largest.log10().floor() as i32);
    let exponent = exponent.filter(|exponent| !(-3..6).contains(exponent));
    let power = 10_f64.powi(exponent.unwrap_or(0));
    let decimals = (-(step / power).log10().floor()).max(0.0) as usize;
    let label = |value: f64| format!("{:.decimals$}", value / power).replace('-', "−");
    let tick = |value| Tick { value, label: label(value) };
    let major = space.thin(scale, values.map(tick).collect());
    Ticks { major, minor: Vec::new(), exponent }
}

impl LabelSpace {
    /// Least gap between two labels, in units of the font size.
    const GAP: f64 = 0.5;

    /// The length of a label along the axis.
    fn extent(&self, tick: &Tick) -> f64 {
        if self.horizontal { markup::width(&tick.label, self.font_size) } else { self.font_size }
    }

    fn are_separate(&self, scale: &Scale, a: &Tick, b: &Tick) -> bool {
        let distance = (scale.normalize(b.value) - scale.normalize(a.value)) * self.length;
        distance >= (self.extent(a) + self.extent(b)) / 2.0 + Self::GAP * self.font_size
    }

    fn all_fit(&self, scale: &Scale, ticks: &[Tick]) -> bool {
        ticks.windows(2).all(|pair| self.are_separate(scale, &pair[0], &pair[1]))
    }

    /// Every k-th tick, with the smallest k for which the labels fit.
    fn thin(&self, scale: &Scale, ticks: Vec<Tick>) -> Vec<Tick> {
        let every = |k: usize| ticks.iter().step_by(k).cloned().collect::<Vec<_>>();
        let mut choices = (1..=ticks.len()).map(every);
        choices.find(|chosen| self.all_fit(scale, chosen)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WIDE: LabelSpace = LabelSpace { length: 200.0, font_size: 9.0, horizontal: true };

    fn labels(kind: ScaleKind, values: [f64; 2], space: LabelSpace) -> Vec<String> {
        let scale = Scale::covering(kind, values).unwrap();
        Ticks::of(&scale, space).major.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn three_decades_are_labelled_as_powers_with_eight_minor_ticks_each() {
        assert_eq!(
            labels(ScaleKind::Log10, [1e-3, 1.0], WIDE),
            ["10^{−3}", "10^{−2}", "10^{−1}", "10^{0}"]
        );
        let scale = Scale { kind: ScaleKind::Log10, low: -3.0, high: 0.0 };
        assert_eq!(Ticks::of(&scale, WIDE).minor.len(), 24);
    }

    #[test]
    fn short_axes_get_plain_numbers() {
        assert_eq!(labels(ScaleKind::Log10, [0.01, 0.1], WIDE), ["0.01", "0.02", "0.05", "0.1"]);
        assert_eq!(labels(ScaleKind::Log10, [30.0, 60.0], WIDE), ["20", "30", "50", "70"]);
        assert_eq!(labels(ScaleKind::Log10, [1.0, 80.0], WIDE), ["1", "2", "5", "10", "20", "50"]);
    }

    #[test]
    fn batch_sizes_are_powers_of_two_thinned_to_what_fits() {
        assert_eq!(labels(ScaleKind::Log2, [1.0, 16.0], WIDE), ["1", "2", "4", "8", "16"]);
        let narrow = LabelSpace { length: 60.0, ..WIDE };
        assert_eq!(labels(ScaleKind::Log2, [1.0, 128.0], narrow), ["1", "8", "64"]);
    }

    #[test]
    fn linear_steps_are_round() {
        assert_eq!(
            labels(ScaleKind::Linear, [0.5, 1.0], WIDE),
            ["0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]
        );
    }

    #[test]
    fn small_and_large_values_leave_a_power_of_ten_to_the_axis() {
        for (values, first, exponent) in [
            ([0.0, 2e-5], "0.0", Some(-5)),
            ([-4e-3, 0.0], "−0.004", None),
            ([1e7, 4e7], "1", Some(7)),
            ([0.0, 40_000.0], "0", None),
        ] {
            let ticks = Ticks::of(&Scale::covering(ScaleKind::Linear, values).unwrap(), WIDE);
            assert_eq!(
                (ticks.major[0].label.as_str(), ticks.exponent),
                (first, exponent),
                "{values:?}: {ticks:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_axis_has_labels_that_lie_on_it_apart_from_each_other(
            (a, ratio) in (1e-6_f64..1e6, 1.0_f64..1e7), length in 80.0_f64..400.0,
        ) {
            for kind in [ScaleKind::Log10, ScaleKind::Log2, ScaleKind::Linear] {
                let scale = Scale::covering(kind, [a, a * ratio]).unwrap();
                let space = LabelSpace { length, ..WIDE };
                let ticks = Ticks::of(&scale, space);
                prop_assert!(!ticks.major.is_empty(), "{:?}", scale);
                prop_assert!(ticks.major.iter().all(|tick| scale.contains(tick.value)));
                prop_assert!(ticks.minor.iter().all(|&v| scale.contains(v)));
                prop_assert!(space.all_fit(&scale, &ticks.major));
            }
        }
    }
}
