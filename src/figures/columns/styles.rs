//! The styles of the curves.

use crate::cell;
use crate::figures::plotting::style::{Colour, Dash, GREY, Marker, OKABE_ITO, Style};

/// Okabe and Ito's colours that are legible on white paper: those of the other figures, then sky blue,
/// orange and a grey.
const CATEGORIES: [Colour; 7] = [
    OKABE_ITO[0],
    OKABE_ITO[1],
    OKABE_ITO[2],
    OKABE_ITO[3],
    Colour(0x56, 0xb4, 0xe9),
    Colour(0xe6, 0x9f, 0x00),
    GREY,
];

/// The styles of a figure.
pub struct Styles {
    /// Whether colours stand for an ordered quantity.
    pub is_ordered: bool,
    colours: usize,
    variants: usize,
    are_lines: bool,
}

impl Styles {
    /// Styles for `colours` values of the first column that divides the rows, each in `variants`.
    pub fn new(colours: &[String], variants: usize, are_lines: bool) -> Self {
        let is_ordered = colours.iter().all(|value| cell::number(value).is_some());
        let is_ordered = is_ordered || colours.len() > CATEGORIES.len();
        Self { is_ordered, colours: colours.len(), variants, are_lines }
    }

    /// The style of the curves of one colour and one variant.
    pub fn of(&self, colour: usize, variant: usize) -> Style {
        let shape = if self.variants > 1 { variant } else { colour };
        let dash = match variant % 3 {
            _ if !self.are_lines => Dash::None,
            0 => Dash::Solid,
            1 => Dash::Dashed,
            _ => Dash::Dotted,
        };
        let colour = if self.is_ordered {
            Colour::sequential(colour, self.colours)
        } else {
            CATEGORIES[colour % CATEGORIES.len()]
        };
        Style { colour, marker: Some(Marker::nth(shape)), dash }
    }
}
