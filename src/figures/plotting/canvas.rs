//! Writes SVG elements. The unit is the point (1/72 inch).

use std::fmt::{self, Write};

use super::markup;
use super::style::{Colour, Dash, FONTS, Marker};

/// A position on the page: x to the right, y down.
pub type Position = (f64, f64);

/// Which part of a text lies at its position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TextAnchor {
    Start,
    Middle,
    End,
}

/// Colour, width and dashes of a line.
#[derive(Debug, Clone, Copy)]
pub struct Stroke {
    pub colour: Colour,
    pub width: f64,
    pub dash: Dash,
}

impl Stroke {
    /// A solid line.
    pub fn solid(colour: Colour, width: f64) -> Self {
        let dash = Dash::Solid;
        Self { colour, width, dash }
    }
}

/// An SVG document to which elements are appended.
#[derive(Debug, Default)]
pub struct SvgCanvas {
    body: String,
}

impl SvgCanvas {
    /// A label in [`markup`] of font size `size`, with its baseline at `at`.
    pub fn text(
        &mut self,
        at: Position,
        anchor: TextAnchor,
        size: f64,
        colour: Colour,
        text: &str,
    ) {
        if text.is_empty() {
            return;
        }
        let content = markup::to_svg(text, size);
        let (x, y) = (Coordinate(at.0), Coordinate(at.1));
        let anchor = anchor.name();
        self.write_element(format_args!(
            r#"<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{content}</text>"#
        ));
    }

    /// A label in [`markup`] that is rotated to read upwards, centred at `at`.
    pub fn vertical_text(&mut self, at: Position, size: f64, colour: Colour, text: &str) {
        let (x, y) = (Coordinate(at.0), Coordinate(at.1));
        self.write_element(format_args!(r#"<g transform="translate({x} {y}) rotate(-90)">"#));
        self.text((0.0, 0.0), TextAnchor::Middle, size, colour, text);
        self.write_element(format_args!("</g>"));
    }

    /// Line segments through `points`; nothing for fewer than two points or [`Dash::None`].
    pub fn polyline(&mut self, points: &[Position], stroke: Stroke) {
        if points.len() < 2 || stroke.dash == Dash::None {
            return;
        }
        let path = path(points.iter().copied());
        let (colour, width, dash) =
            (stroke.colour, Coordinate(stroke.width), stroke.dash.attribute());
        self.write_element(format_args!(
            r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>"#
        ));
    }

    /// The outline of a rectangle with the upper left corner `corner` and size (width, height).
    pub fn rectangle(&mut self, corner: Position, size: Position, stroke: Stroke) {
        let ((x, y), (w, h)) = (
            (Coordinate(corner.0), Coordinate(corner.1)),
            (Coordinate(size.0), Coordinate(size.1)),
        );
        let (colour, width) = (stroke.colour, Coordinate(stroke.width));
        self.write_element(format_args!(
            r#"<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="none" stroke="{colour}" stroke-width="{width}"/>"#
        ));
    }

    /// A filled rectangle with the upper left corner `corner` and size (width, height).
    pub fn filled_rectangle(&mut self, corner: Position, size: Position, colour: Colour) {
        let ((x, y), (w, h)) = (
            (Coordinate(corner.0), Coordinate(corner.1)),
            (Coordinate(size.0), Coordinate(size.1)),
        );
        // Anti-aliasing would leave white lines between neighbouring rectangles.
        self.write_element(format_args!(
            r#"<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{colour}" shape-rendering="crispEdges"/>"#
        ));
    }

    /// A translucent area with the outline `corners`.
    pub fn area(&mut self, corners: impl Iterator<Item = Position>, colour: Colour) {
        let path = path(corners);
        self.write_element(format_args!(
            r#"<path d="{path}Z" fill="{colour}" fill-opacity="0.18"/>"#
        ));
    }

    /// The marker of a data point.
    pub fn marker(&mut self, at: Position, marker: Marker, colour: Colour) {
        let paint = if marker.is_filled() {
            format!(r##"fill="{colour}" stroke="#ffffff" stroke-width="0.4""##)
        } else {
            format!(r##"fill="#ffffff" stroke="{colour}" stroke-width="1""##)
        };
        match marker {
            Marker::Circle | Marker::HollowCircle => {
                let (x, y) = (Coordinate(at.0), Coordinate(at.1));
                self.write_element(format_args!(r#"<circle cx="{x}" cy="{y}" r="2.3" {paint}/>"#));
            }
            _ => {
                let corners = marker.corners().iter();
                let path = path(corners.map(|(x, y)| (at.0 + x, at.1 + y)));
                self.write_element(format_args!(r#"<path d="{path}Z" {paint}/>"#));
            }
        }
    }

    /// The document with a white page of size (width, height) and a title for screen readers.
    pub fn finish(self, size: Position, title: &str) -> String {
        let (w, h) = (Coordinate(size.0), Coordinate(size.1));
        let title = markup::escape(title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}pt\" height=\"{h}pt\" \
             viewBox=\"0 0 {w} {h}\" font-family=\"{FONTS}\" stroke-linejoin=\"round\" \
             role=\"img\">\n<title>{title}</title>\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            self.body
        )
    }

    fn write_element(&mut self, element: fmt::Arguments) {
        // Writing to a string can't fail.
        let _infallible = writeln!(self.body, "{element}");
    }
}

/// A coordinate with at most two decimals, finer than printers resolve.
struct Coordinate(f64);

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        // Adding zero turns -0 into 0.
        write!(f, "{}", (self.0 * 100.0).round() / 100.0 + 0.0)
    }
}

fn path(points: impl Iterator<Item = Position>) -> String {
    let mut path = String::new();
    for (i, (x, y)) in points.enumerate() {
        let command = if i == 0 { 'M' } else { 'L' };
        let _infallible = write!(path, "{command}{} {}", Coordinate(x), Coordinate(y));
    }
    path
}

impl TextAnchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

impl Dash {
    fn attribute(self) -> &'static str {
        match self {
            Self::Solid | Self::None => "",
            Self::Dashed => r#" stroke-dasharray="5 2.5""#,
            Self::Dotted => r#" stroke-dasharray="1.2 2""#,
        }
    }
}

impl Marker {
    fn is_filled(self) -> bool {
        !matches!(self, Self::HollowCircle | Self::HollowSquare)
    }

    /// The corners around (0, 0), y down; all shapes have about the same area.
    fn corners(self) -> &'static [Position] {
        match self {
            Self::Circle | Self::HollowCircle => &[],
            Self::Square | Self::HollowSquare => {
                &[(-2.1, -2.1), (2.1, -2.1), (2.1, 2.1), (-2.1, 2.1)]
            }
            Self::Triangle => &[(0.0, -3.0), (2.8, 2.0), (-2.8, 2.0)],
            Self::InvertedTriangle => &[(0.0, 3.0), (2.8, -2.0), (-2.8, -2.0)],
            Self::Diamond => &[(0.0, -3.1), (2.6, 0.0), (0.0, 3.1), (-2.6, 0.0)],
            Self::Pentagon => &[(0.0, -2.8), (2.7, -0.9), (1.6, 2.3), (-1.6, 2.3), (-2.7, -0.9)],
            Self::Plus => &PLUS,
            Self::Cross => &CROSS,
        }
    }
}

const PLUS: [Position; 12] = [
    (-0.9, -2.9),
    (0.9, -2.9),
    (0.9, -0.9),
    (2.9, -0.9),
    (2.9, 0.9),
    (0.9, 0.9),
    (0.9, 2.9),
    (-0.9, 2.9),
    (-0.9, 0.9),
    (-2.9, 0.9),
    (-2.9, -0.9),
    (-0.9, -0.9),
];

const CROSS: [Position; 12] = [
    (0.0, -1.3),
    (1.4, -2.7),
    (2.7, -1.4),
    (1.3, 0.0),
    (2.7, 1.4),
    (1.4, 2.7),
    (0.0, 1.3),
    (-1.4, 2.7),
    (-2.7, 1.4),
    (-1.3, 0.0),
    (-2.7, -1.4),
    (-1.4, -2.7),
];
