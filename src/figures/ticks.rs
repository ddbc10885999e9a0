//! Which values of an axis get a tick, and what is written there.

use super::markup;
use super::scale::{Kind, Scale};

/// A labelled tick; the label is [`markup`].
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    pub value: f64,
    pub label: String,
}

/// The ticks of one axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ticks {
    /// With a label and a grid line.
    pub major: Vec<Tick>,
    /// Short and without a label.
    pub minor: Vec<f64>,
}

/// How much room there is for labels.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Length of the axis.
    pub length: f64,
    /// Font size of the labels, in the same unit.
    pub font: f64,
    /// Whether labels stand side by side (x axis) or above each other (y axis).
    pub side_by_side: bool,
}

impl Ticks {
    /// The ticks of `scale`, as many as there is room for.
    pub fn of(scale: &Scale, room: Room) -> Self {
        match scale.kind {
            Kind::Log10 => decimal(scale, room),
            Kind::Log2 => octaves(scale, room),
            Kind::Linear => linear(scale, room),
        }
    }
}

/// Decades if the axis has three or more; else also 2 and 5, else 1, 2, 3, 5, 7 of each.
fn decimal(scale: &Scale, room: Room) -> Ticks {
    let decades = multiples(scale, &[1]);
    let mut major = decades.clone();
    if decades.len() < 3 {
        let finer = [&[1, 2, 5][..], &[1, 2, 3, 5, 7]].map(|set| multiples(scale, set));
        let enough = |ticks: &&Vec<Tick>| ticks.len() >= 3 && room.fits(scale, ticks);
        match finer.iter().find(enough) {
            Some(ticks) => major.clone_from(ticks),
            None if decades.len() < 2 => major.clone_from(&finer[1]),
            None => {}
        }
    }
    let major = room.thin(scale, major);
    let all = multiples(scale, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let minor = all.iter().map(|tick| tick.value);
    let minor = minor.filter(|v| major.iter().all(|tick| tick.value != *v));
    // Beyond eight decades minor ticks are a grey smear.
    let minor = if decades.len() > 8 { Vec::new() } else { minor.collect() };
    Ticks { major, minor }
}

/// The values `digit`·10ᵏ on the axis.
fn multiples(scale: &Scale, digits: &[u8]) -> Vec<Tick> {
    let decades = scale.low.floor() as i32..=scale.high.ceil() as i32;
    let pairs = decades.flat_map(|k| digits.iter().map(move |&digit| (digit, k)));
    let ticks: Vec<(u8, i32, f64)> = pairs
        .map(|(digit, k)| (digit, k, f64::from(digit) * 10_f64.powi(k)))
        .filter(|&(.., value)| scale.holds(value))
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
fn octaves(scale: &Scale, room: Room) -> Ticks {
    let powers = (scale.low.ceil() as i32)..=(scale.high.floor() as i32);
    let tick = |k: i32| Tick {
        value: 2_f64.powi(k),
        label: if k < 0 { format!("1/{}", 2_f64.powi(-k)) } else { format!("{}", 2_f64.powi(k)) },
    };
    let all: Vec<Tick> = powers.map(tick).collect();
    let major = room.thin(scale, all.clone());
    let minor = all.iter().map(|tick| tick.value);
    let minor = minor.filter(|v| major.iter().all(|tick| tick.value != *v)).collect();
    Ticks { major, minor }
}

/// Multiples of a round step: three to seven of them.
fn linear(scale: &Scale, room: Room) -> Ticks {
    let rough = scale.length() / 6.5;
    let k = rough.log10().floor() as i32;
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * 10_f64.powi(k));
    let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let first = (scale.low / step).ceil() as i64;
    let last = (scale.high / step).floor() as i64;
    let values = (first..=last).map(|i| i as f64 * step);
    let tick = |value| Tick { value, label: format!("{value:.decimals$}").replace('-', "−") };
    let major = room.thin(scale, values.map(tick).collect());
    Ticks { major, minor: Vec::new() }
}

impl Room {
    /// Free space between two labels, in units of the font size.
    const GAP: f64 = 0.5;

    /// What a label takes up along the axis.
    fn extent(&self, tick: &Tick) -> f64 {
        if self.side_by_side { markup::width(&tick.label, self.font) } else { self.font }
    }

    fn apart(&self, scale: &Scale, a: &Tick, b: &Tick) -> bool {
        let distance = (scale.place(b.value) - scale.place(a.value)) * self.length;
        distance >= (self.extent(a) + self.extent(b)) / 2.0 + Self::GAP * self.font
    }

    fn fits(&self, scale: &Scale, ticks: &[Tick]) -> bool {
        ticks.windows(2).all(|pair| self.apart(scale, &pair[0], &pair[1]))
    }

    /// Every k-th tick, with the smallest k that leaves the labels apart.
    fn thin(&self, scale: &Scale, ticks: Vec<Tick>) -> Vec<Tick> {
        let every = |k: usize| ticks.iter().step_by(k).cloned().collect::<Vec<_>>();
        let mut choices = (1..=ticks.len()).map(every);
        choices.find(|chosen| self.fits(scale, chosen)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WIDE: Room = Room { length: 200.0, font: 9.0, side_by_side: true };

    fn labels(kind: Kind, values: [f64; 2], room: Room) -> Vec<String> {
        let scale = Scale::covering(kind, values).unwrap();
        Ticks::of(&scale, room).major.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn three_decades_are_labelled_as_powers_with_eight_minor_ticks_each() {
        assert_eq!(
            labels(Kind::Log10, [1e-3, 1.0], WIDE),
            ["10^{−3}", "10^{−2}", "10^{−1}", "10^{0}"]
        );
        let scale = Scale { kind: Kind::Log10, low: -3.0, high: 0.0 };
        assert_eq!(Ticks::of(&scale, WIDE).minor.len(), 24);
    }

    #[test]
    fn short_axes_get_plain_numbers() {
        assert_eq!(labels(Kind::Log10, [0.01, 0.1], WIDE), ["0.01", "0.02", "0.05", "0.1"]);
        assert_eq!(labels(Kind::Log10, [30.0, 60.0], WIDE), ["20", "30", "50", "70"]);
        assert_eq!(labels(Kind::Log10, [1.0, 80.0], WIDE), ["1", "2", "5", "10", "20", "50"]);
    }

    #[test]
    fn batch_sizes_are_powers_of_two_thinned_to_what_fits() {
        assert_eq!(labels(Kind::Log2, [1.0, 16.0], WIDE), ["1", "2", "4", "8", "16"]);
        let narrow = Room { length: 60.0, ..WIDE };
        assert_eq!(labels(Kind::Log2, [1.0, 128.0], narrow), ["1", "8", "64"]);
    }

    #[test]
    fn linear_steps_are_round() {
        assert_eq!(
            labels(Kind::Linear, [0.5, 1.0], WIDE),
            ["0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]
        );
    }

    proptest! {
        #[test]
        fn any_axis_has_labels_that_lie_on_it_apart_from_each_other(
            (a, ratio) in (1e-6_f64..1e6, 1.0_f64..1e7), length in 80.0_f64..400.0,
        ) {
            for kind in [Kind::Log10, Kind::Log2, Kind::Linear] {
                let scale = Scale::covering(kind, [a, a * ratio]).unwrap();
                let room = Room { length, ..WIDE };
                let ticks = Ticks::of(&scale, room);
                prop_assert!(!ticks.major.is_empty(), "{:?}", scale);
                prop_assert!(ticks.major.iter().all(|tick| scale.holds(tick.value)));
                prop_assert!(ticks.minor.iter().all(|&v| scale.holds(v)));
                prop_assert!(room.fits(&scale, &ticks.major));
            }
        }
    }
}
