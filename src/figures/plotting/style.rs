//! Colours, markers, dashes and font sizes; legible to colour-blind readers and in greyscale print.

use std::fmt;

/// Font size of axis labels, in points.
pub const LABEL_SIZE: f64 = 10.0;
/// Font size of ticks, legends and panel titles.
pub const TICK_SIZE: f64 = 9.0;
/// Font size of the caption.
pub const CAPTION_SIZE: f64 = 7.0;
/// Fonts by preference; Verdana has nearly the metrics of DejaVu Sans.
pub const FONTS: &str = "'DejaVu Sans', Verdana, sans-serif";

/// An sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// Text, frames and reference lines.
pub const BLACK: Colour = Colour(0, 0, 0);
/// Secondary text.
pub const GREY: Colour = Colour(0x55, 0x55, 0x55);
/// Grid lines.
pub const LIGHT_GREY: Colour = Colour(0xe3, 0xe3, 0xe3);

/// Okabe and Ito's colours, distinguishable with every kind of colour vision
/// (<https://jfly.uni-koeln.de/color/>): blue, vermilion, bluish green, reddish purple.
pub const OKABE_ITO: [Colour; 4] = [
    Colour(0x00, 0x72, 0xb2),
    Colour(0xd5, 0x5e, 0x00),
    Colour(0x00, 0x9e, 0x73),
    Colour(0xcc, 0x79, 0xa7),
];

/// Matplotlib's viridis at 0, 0.1, …, 0.8: its lightness increases; colours above 0.8 are too pale for
/// thin lines on white paper.
const VIRIDIS: [Colour; 9] = [
    Colour(0x44, 0x01, 0x54),
    Colour(0x48, 0x24, 0x75),
    Colour(0x41, 0x44, 0x87),
    Colour(0x35, 0x5f, 0x8d),
    Colour(0x2a, 0x78, 0x8e),
    Colour(0x21, 0x91, 0x8c),
    Colour(0x22, 0xa8, 0x84),
    Colour(0x44, 0xbf, 0x70),
    Colour(0x7a, 0xd1, 0x51),
];

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl Colour {
    /// From white at 0 to a grey at 1 on which every other colour is legible.
    pub fn shade(level: f64) -> Self {
        let level = level.clamp(0.0, 1.0);
        let mix = |dark: u8| (255.0 + level * (f64::from(dark) - 255.0)).round() as u8;
        Self(mix(0xb4), mix(0xba), mix(0xc4))
    }

    /// The colour of the same hue for a dark background; dark colours are lightened most.
    pub fn on_dark(self) -> Self {
        let parts = [self.0, self.1, self.2].map(f64::from);
        let luminance = (0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]) / 255.0;
        let share = 0.62 * (1.0 - luminance).powi(2);
        let [r, g, b] = parts.map(|part| (part + share * (255.0 - part)).round() as u8);
        Self(r, g, b)
    }

    /// The colour of the `index`-th of `count` values of an ordered quantity.
    pub fn sequential(index: usize, count: usize) -> Self {
        let steps = count.saturating_sub(1).max(1);
        let place = (index.min(steps) * (VIRIDIS.len() - 1)) as f64 / steps as f64;
        let below = (place as usize).min(VIRIDIS.len() - 2);
        let (from, to) = (VIRIDIS[below], VIRIDIS[below + 1]);
        let t = place - below as f64;
        let mix = |a: u8, b: u8| (f64::from(a) + t * (f64::from(b) - f64::from(a))).round() as u8;
        Self(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
    }
}

/// The shape drawn at a data point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
    InvertedTriangle,
    Plus,
    Pentagon,
    HollowCircle,
    HollowSquare,
}

impl Marker {
    const ALL: [Self; 10] = [
        Self::Circle,
        Self::Square,
        Self::Triangle,
        Self::Diamond,
        Self::Cross,
        Self::InvertedTriangle,
        Self::Plus,
        Self::Pentagon,
        Self::HollowCircle,
        Self::HollowSquare,
    ];

    /// The `index`-th shape; they repeat after ten.
    pub fn nth(index: usize) -> Self {
        Self::ALL[index % Self::ALL.len()]
    }
}

/// The dash pattern of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Dash {
    Solid,
    Dashed,
    Dotted,
    /// No line, only markers.
    None,
}

/// The style of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    pub colour: Colour,
    pub marker: Option<Marker>,
    pub dash: Dash,
}

impl Style {
    /// A solid line with markers.
    pub fn line_with_markers(colour: Colour, marker: Marker) -> Self {
        let marker = Some(marker);
        Self { colour, marker, dash: Dash::Solid }
    }

    /// A line without markers.
    pub fn line(colour: Colour, dash: Dash) -> Self {
        Self { colour, marker: None, dash }
    }

    /// Markers without a line.
    pub fn markers(colour: Colour, marker: Marker) -> Self {
        Self { colour, marker: Some(marker), dash: Dash::None }
    }

    /// The style of the `index`-th of `count` batch sizes, the same in every figure.
    pub fn of_batch_size(index: usize, count: usize) -> Self {
        Self::line_with_markers(Colour::sequential(index, count), Marker::nth(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequential_colours_grow_lighter() {
        let luminance =
            |c: Colour| 0.2126 * f64::from(c.0) + 0.7152 * f64::from(c.1) + 0.0722 * f64::from(c.2);
        let scale: Vec<f64> = (0..10).map(|i| luminance(Colour::sequential(i, 10))).collect();
        assert!(scale.windows(2).all(|w| w[0] + 5.0 < w[1]), "{scale:?}");
        assert_eq!(Colour::sequential(0, 1), VIRIDIS[0]);
    }

    /// Contrast as WCAG 2 defines it.
    fn contrast(a: Colour, b: Colour) -> f64 {
        let linear = |part: u8| (f64::from(part) / 255.0).powf(2.2);
        let luminance =
            |c: Colour| 0.2126 * linear(c.0) + 0.7152 * linear(c.1) + 0.0722 * linear(c.2);
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn every_colour_can_be_seen_on_dark_paper() {
        let sequential = (0..10).map(|i| Colour::sequential(i, 10));
        for colour in sequential.chain(OKABE_ITO) {
            let found = contrast(colour.on_dark(), Colour(0x16, 0x18, 0x1c));
            assert!(found > 4.5, "{colour} becomes {}: {found}", colour.on_dark());
        }
    }
}
