//! What a figure shows, before it is laid out: panels of curves and reference lines.

use super::scale::{Scale, ScaleKind};
use super::style::{BLACK, Colour, Dash, Style};
use crate::optimizer::Optimizer;

/// A figure: a grid of panels that share their axes.
#[derive(Debug, Clone)]
pub struct Chart {
    /// One plain sentence, for screen readers.
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub panels: Vec<Panel>,
}

/// An axis: its label and its scale.
#[derive(Debug, Clone)]
pub struct Axis {
    /// In [`super::markup`].
    pub label: String,
    pub kind: ScaleKind,
}

impl Axis {
    /// An axis with a label in [`super::markup`].
    pub fn new(kind: ScaleKind, label: &str) -> Self {
        let label = label.to_owned();
        Self { label, kind }
    }
}

/// One plot. Curves and reference lines are in the order of the legend.
#[derive(Debug, Clone, Default)]
pub struct Panel {
    /// Above the plot; empty if it is the only one.
    pub title: String,
    pub curves: Vec<Curve>,
    pub lines: Vec<ReferenceLine>,
    /// Drawn behind everything else.
    pub tiles: Vec<Tile>,
    pub error_bars: ErrorBars,
    /// Whether error bars are drawn as one band along each curve, because they would merge.
    pub bands: bool,
}

/// The meaning of the error bar of a single run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorBars {
    /// An interval with proved ends.
    #[default]
    Enclosure,
    /// A 95% confidence interval.
    Interval,
}

/// A coloured rectangle in data coordinates, clipped to the axes.
#[derive(Debug, Clone, Copy)]
pub struct Tile {
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub colour: Colour,
}

/// The settings that all runs of a curve share; they differ in the abscissa.
#[derive(Debug, Clone, PartialEq)]
pub enum FixedSettings {
    /// The abscissa is the step size.
    BatchSize(usize),
    /// The same, in a chart of several algorithms.
    BatchSizeAndAlgorithm(usize, String),
    /// The abscissa is the batch size.
    StepSize(f64),
    /// The points are not runs.
    None,
}

/// Points that are joined from left to right.
#[derive(Debug, Clone)]
pub struct Curve {
    pub label: String,
    pub style: Style,
    pub fixed: FixedSettings,
    pub points: Vec<Point>,
}

/// A data point with its error bar from `low` to `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    pub low: f64,
    pub high: f64,
    /// Number of runs that the point summarises.
    pub runs: usize,
}

/// A reference line across the whole plot.
#[derive(Debug, Clone)]
pub struct ReferenceLine {
    /// Its entry in the legend; none if empty.
    pub label: String,
    pub style: Style,
    pub shape: Shape,
}

/// y of a reference line as a function of x.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// factor · x^exponent: 2/η is (2, −1).
    Power { factor: f64, exponent: i32 },
    /// The λ_max at which the full batch becomes unstable at η = x.
    FullBatchEdge(Optimizer),
}

impl Point {
    /// A single value without an error bar.
    pub fn exact(x: f64, y: f64) -> Self {
        Self { x, y, low: y, high: y, runs: 1 }
    }

    /// A single value with an error bar of two standard errors.
    pub fn with_error(x: f64, y: f64, error: f64) -> Self {
        Self { x, y, low: y - 2.0 * error, high: y + 2.0 * error, runs: 1 }
    }
}

impl Curve {
    /// A curve whose points are not runs.
    pub fn new(label: &str, style: Style, points: Vec<Point>) -> Self {
        Self { label: label.to_owned(), style, fixed: FixedSettings::None, points }
    }
}

impl ReferenceLine {
    /// The generalized sharpness at the edge of stability, 2/η.
    pub fn two_over_eta() -> Self {
        let (label, style) = ("2/*η*".to_owned(), Style::line(BLACK, Dash::Dashed));
        let factor = Optimizer::default().rule().edge(1.0);
        Self { label, style, shape: Shape::Power { factor, exponent: -1 } }
    }

    /// The edges against η: 2/η for the generalized sharpness and, where it is another one, that of the full
    /// batch for λ_max.
    pub fn edges(optimizer: Optimizer) -> Vec<Self> {
        let mut lines = vec![Self::two_over_eta()];
        if !optimizer.is_plain() {
            let (label, style) = (full_batch_label(optimizer), Style::line(BLACK, Dash::Dotted));
            lines.push(Self { label, style, shape: Shape::FullBatchEdge(optimizer) });
        }
        lines
    }

    /// The horizontal line at `y`.
    pub fn horizontal(label: &str, style: Style, y: f64) -> Self {
        Self { label: label.to_owned(), style, shape: Shape::Power { factor: y, exponent: 0 } }
    }

    /// y at `x`.
    pub fn at(&self, x: f64) -> f64 {
        match self.shape {
            Shape::Power { factor, exponent } => factor * x.powi(exponent),
            Shape::FullBatchEdge(optimizer) => optimizer.rule().full_batch_edge(x),
        }
    }

    /// Into how many straight parts it is divided. Power laws are straight on logarithmic axes, constants on
    /// all.
    pub fn parts(&self) -> usize {
        match self.shape {
            Shape::Power { .. } => 1,
            Shape::FullBatchEdge(_) => 48,
        }
    }
}

/// "2(1 + m)/η" in markup, with letters in italics.
pub fn full_batch_label(optimizer: Optimizer) -> String {
    let italic = |c: char| {
        if ['η', 'm', 'w'].contains(&c) { format!("*{c}*") } else { c.to_string() }
    };
    let formula = optimizer.rule().full_batch_edge_formula();
    formula.chars().map(italic).collect()
}

impl Panel {
    /// y of the reference lines at the abscissas of the points.
    fn line_values(&self) -> impl Iterator<Item = f64> {
        let values = |line| self.points().map(move |point| ReferenceLine::at(line, point.x));
        self.lines.iter().flat_map(values)
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.curves.iter().flat_map(|curve| &curve.points)
    }
}

impl Chart {
    /// The scale that covers the abscissas of all panels; `None` without any point.
    pub fn x_scale(&self) -> Option<Scale> {
        Scale::covering(self.x.kind, self.points().map(|point| point.x))
    }

    /// The scale that covers all points, error bars, and reference lines at the abscissas of the points.
    pub fn y_scale(&self) -> Option<Scale> {
        let bars = self.points().flat_map(|point| [point.low, point.high]);
        let lines = self.panels.iter().flat_map(Panel::line_values);
        Scale::covering(self.y.kind, bars.chain(lines))
    }

    /// Every label once, with its style, in the order of appearance; in black if curves or lines of
    /// several colours share it.
    pub fn legend_entries(&self) -> Vec<(&str, Style)> {
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

    /// The largest number of runs that one point summarises.
    pub fn max_runs_per_point(&self) -> usize {
        self.points().map(|point| point.runs).max().unwrap_or(0)
    }

    /// The meanings of those error bars of single runs that are long enough to be seen.
    pub fn visible_error_bars(&self) -> Vec<ErrorBars> {
        let visible = |point: &Point| point.runs == 1 && point.high > 1.01 * point.low;
        let shown = |bars: &ErrorBars| {
            let mut panels = self.panels.iter().filter(|panel| panel.error_bars == *bars);
            panels.any(|panel| panel.points().any(visible))
        };
        [ErrorBars::Enclosure, ErrorBars::Interval].into_iter().filter(shown).collect()
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.panels.iter().flat_map(Panel::points)
    }
}
