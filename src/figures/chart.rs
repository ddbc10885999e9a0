//! What a figure says, before it is laid out: panels of curves and reference lines.

use super::scale::{Kind, Scale};
use super::style::{BLACK, Colour, Style};
use super::summary::Point;

/// One figure: a grid of panels that share their axes.
#[derive(Debug, Clone)]
pub struct Chart {
    /// One plain sentence, for screen readers.
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub panels: Vec<Panel>,
}

/// An axis and what is written along it.
#[derive(Debug, Clone)]
pub struct Axis {
    /// As [`super::markup`].
    pub label: String,
    pub kind: Kind,
}

impl Axis {
    /// An axis with a label in [`super::markup`].
    pub fn new(kind: Kind, label: &str) -> Self {
        let label = label.to_owned();
        Self { label, kind }
    }
}

/// One plot. Curves and lines are listed in the order of the legend.
#[derive(Debug, Clone, Default)]
pub struct Panel {
    /// Above the plot; empty if the figure has only one.
    pub title: String,
    pub curves: Vec<Curve>,
    pub lines: Vec<PowerLine>,
    /// Behind everything else.
    pub tiles: Vec<Tile>,
    pub bars: Bars,
}

/// What the bar of a single run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Bars {
    /// Between proved ends.
    #[default]
    Enclosure,
    /// Of 95% confidence.
    Interval,
}

/// A coloured rectangle, from corner to corner; what lies outside the axes is cut off.
#[derive(Debug, Clone, Copy)]
pub struct Tile {
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub colour: Colour,
}

/// What the runs behind a curve have in common; the abscissa tells them apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Shared {
    /// The abscissa is the step size.
    BatchSize(u64),
    /// The same in a chart of several algorithms.
    BatchSizeAndAlgorithm(u64, String),
    /// The abscissa is the batch size.
    StepSize(f64),
    /// The points are no runs.
    Nothing,
}

/// Measured points, joined from left to right.
#[derive(Debug, Clone)]
pub struct Curve {
    pub label: String,
    pub style: Style,
    pub shared: Shared,
    pub points: Vec<Point>,
}

/// The reference line y = factor · x^exponent, across the whole plot: 2/η is (2, −1).
#[derive(Debug, Clone)]
pub struct PowerLine {
    /// In the legend, unless empty.
    pub label: String,
    pub style: Style,
    pub factor: f64,
    pub exponent: i32,
}

impl PowerLine {
    /// The line's height at `x`.
    pub fn at(&self, x: f64) -> f64 {
        self.factor * x.powi(self.exponent)
    }
}

impl Panel {
    /// The reference lines where the points are.
    fn line_heights(&self) -> impl Iterator<Item = f64> {
        let heights = |line| self.points().map(move |point| PowerLine::at(line, point.x));
        self.lines.iter().flat_map(heights)
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.curves.iter().flat_map(|curve| &curve.points)
    }
}

impl Chart {
    /// The axis that shows every panel's abscissas; `None` if there is no point at all.
    pub fn x_scale(&self) -> Option<Scale> {
        Scale::covering(self.x.kind, self.points().map(|point| point.x))
    }

    /// The axis that shows every point, its bar, and the reference lines where the points are.
    pub fn y_scale(&self) -> Option<Scale> {
        let bars = self.points().flat_map(|point| [point.low, point.high]);
        let lines = self.panels.iter().flat_map(Panel::line_heights);
        Scale::covering(self.y.kind, bars.chain(lines))
    }

    /// Every label once, with its look, in the order of appearance; in black if curves or lines
    /// of several colours share it.
    pub fn legend(&self) -> Vec<(&str, Style)> {
        let entries = self.panels.iter().flat_map(|panel| {
            let lines = panel.lines.iter().map(|l| (l.label.as_str(), l.style));
            let curves = panel.curves.iter().map(|c| (c.label.as_str(), c.style));
            lines.chain(curves)
        });
        let mut legend: Vec<(&str, Style)> = Vec::new();
        for (label, style) in entries.filter(|(label, _)| !label.is_empty()) {
            match legend.iter_mut().find(|(known, _)| *known == label) {
                Some((_, known)) if known.colour != style.colour => known.colour = BLACK,
                Some(_) => {}
                None => legend.push((label, style)),
            }
        }
        legend
    }

    /// The largest number of runs behind one point.
    pub fn most_runs_at_a_point(&self) -> usize {
        self.points().map(|point| point.runs).max().unwrap_or(0)
    }

    /// What the bars of single runs are, where some are long enough to be seen.
    pub fn bars(&self) -> Vec<Bars> {
        let visible = |point: &Point| point.runs == 1 && point.high > 1.01 * point.low;
        let shown = |bars: &Bars| {
            let mut panels = self.panels.iter().filter(|panel| panel.bars == *bars);
            panels.any(|panel| panel.points().any(visible))
        };
        [Bars::Enclosure, Bars::Interval].into_iter().filter(shown).collect()
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.panels.iter().flat_map(Panel::points)
    }
}
