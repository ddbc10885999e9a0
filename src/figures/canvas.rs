//! The SVG elements that figures are made of. The unit is the point (1/72 inch).

use std::fmt::{self, Write};

use super::markup;
use super::style::{Colour, Dash, FONTS, Marker};

/// A place on the page: to the right, and down.
pub type At = (f64, f64);

/// Which end of a text lies at its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Stroke {
    pub colour: Colour,
    pub width: f64,
    pub dash: Dash,
}

impl Stroke {
    /// An unbroken line.
    pub fn solid(colour: Colour, width: f64) -> Self {
        let dash = Dash::Solid;
        Self { colour, width, dash }
    }
}

/// An SVG document in the making.
#[derive(Debug, Default)]
pub struct Canvas {
    body: String,
}

impl Canvas {
    /// A piece of markup, set at `size` with its baseline at `at`.
    pub fn text(&mut self, at: At, anchor: Anchor, size: f64, colour: Colour, text: &str) {
        if text.is_empty() {
            return;
        }
        let content = markup::to_svg(text, size);
        let (x, y) = (Pt(at.0), Pt(at.1));
        let anchor = anchor.name();
        self.line_of_svg(format_args!(
            r#"<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{content}</text>"#
        ));
    }

    /// A piece of markup that reads upwards, centred at `at`.
    pub fn text_upwards(&mut self, at: At, size: f64, colour: Colour, text: &str) {
        let (x, y) = (Pt(at.0), Pt(at.1));
        self.line_of_svg(format_args!(r#"<g transform="translate({x} {y}) rotate(-90)">"#));
        self.text((0.0, 0.0), Anchor::Middle, size, colour, text);
        self.line_of_svg(format_args!("</g>"));
    }

    /// Straight pieces through `points`; fewer than two draw nothing, nor does [`Dash::None`].
    pub fn polyline(&mut self, points: &[At], stroke: Stroke) {
        if points.len() < 2 || stroke.dash == Dash::None {
            return;
        }
        let path = path(points.iter().copied());
        let (colour, width, dash) = (stroke.colour, Pt(stroke.width), stroke.dash.attribute());
        self.line_of_svg(format_args!(
            r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>"#
        ));
    }

    /// An empty rectangle from `corner` with the given width and height.
    pub fn frame(&mut self, corner: At, size: At, stroke: Stroke) {
        let ((x, y), (w, h)) = ((Pt(corner.0), Pt(corner.1)), (Pt(size.0), Pt(size.1)));
        let (colour, width) = (stroke.colour, Pt(stroke.width));
        self.line_of_svg(format_args!(
            r#"<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="none" stroke="{colour}" stroke-width="{width}"/>"#
        ));
    }

    /// A filled rectangle from `corner` with the given width and height, without an edge.
    pub fn fill(&mut self, corner: At, size: At, colour: Colour) {
        let ((x, y), (w, h)) = ((Pt(corner.0), Pt(corner.1)), (Pt(size.0), Pt(size.1)));
        // Without smoothing, which lets white shine through between neighbours.
        self.line_of_svg(format_args!(
            r#"<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{colour}" shape-rendering="crispEdges"/>"#
        ));
    }

    /// A data point.
    pub fn marker(&mut self, at: At, marker: Marker, colour: Colour) {
        let look = if marker.is_filled() {
            format!(r##"fill="{colour}" stroke="#ffffff" stroke-width="0.4""##)
        } else {
            format!(r##"fill="#ffffff" stroke="{colour}" stroke-width="1""##)
        };
        match marker {
            Marker::Circle | Marker::Ring => {
                let (x, y) = (Pt(at.0), Pt(at.1));
                self.line_of_svg(format_args!(r#"<circle cx="{x}" cy="{y}" r="2.3" {look}/>"#));
            }
            _ => {
                let corners = marker.corners().iter();
                let path = path(corners.map(|(x, y)| (at.0 + x, at.1 + y)));
                self.line_of_svg(format_args!(r#"<path d="{path}Z" {look}/>"#));
            }
        }
    }

    /// The whole document, `size` large on white paper, with a title for screen readers.
    pub fn finish(self, size: At, title: &str) -> String {
        let (w, h) = (Pt(size.0), Pt(size.1));
        let title = markup::escape(title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}pt\" height=\"{h}pt\" \
             viewBox=\"0 0 {w} {h}\" font-family=\"{FONTS}\" stroke-linejoin=\"round\" \
             role=\"img\">\n<title>{title}</title>\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            self.body
        )
    }

    fn line_of_svg(&mut self, element: fmt::Arguments) {
        // Writing to a string can't fail.
        let _infallible = writeln!(self.body, "{element}");
    }
}

/// A coordinate with at most two decimals, which is finer than print.
struct Pt(f64);

impl fmt::Display for Pt {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        // Adding zero turns -0 into 0.
        write!(f, "{}", (self.0 * 100.0).round() / 100.0 + 0.0)
    }
}

fn path(points: impl Iterator<Item = At>) -> String {
    let mut path = String::new();
    for (i, (x, y)) in points.enumerate() {
        let command = if i == 0 { 'M' } else { 'L' };
        let _infallible = write!(path, "{command}{} {}", Pt(x), Pt(y));
    }
    path
}

impl Anchor {
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
        !matches!(self, Self::Ring | Self::Box)
    }

    /// The outline around (0, 0), y down; all shapes have about the same area.
    fn corners(self) -> &'static [At] {
        match self {
            Self::Circle | Self::Ring => &[],
            Self::Square | Self::Box => &[(-2.1, -2.1), (2.1, -2.1), (2.1, 2.1), (-2.1, 2.1)],
            Self::Triangle => &[(0.0, -3.0), (2.8, 2.0), (-2.8, 2.0)],
            Self::Inverted => &[(0.0, 3.0), (2.8, -2.0), (-2.8, -2.0)],
            Self::Diamond => &[(0.0, -3.1), (2.6, 0.0), (0.0, 3.1), (-2.6, 0.0)],
            Self::Pentagon => &[(0.0, -2.8), (2.7, -0.9), (1.6, 2.3), (-1.6, 2.3), (-2.7, -0.9)],
            Self::Plus => &PLUS,
            Self::Cross => &CROSS,
        }
    }
}

const PLUS: [At; 12] = [
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

const CROSS: [At; 12] = [
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
