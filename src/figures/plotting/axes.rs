//! The axes of one panel with everything inside them: grid, ticks, reference lines and curves.

use super::canvas::{Position, Stroke, SvgCanvas};
use super::chart::{Curve, Panel, Point, ReferenceLine, Tile};
use super::scale::Scale;
use super::style::{BLACK, Dash, LIGHT_GREY};
use super::ticks::Ticks;

/// Least distance of markers on crowded curves, which would merge into a band.
const MARKER_SPACING: f64 = 11.0;
/// Shorter error bars are hidden by their marker.
const MIN_BAR_LENGTH: f64 = 0.3;

/// The position of the axes on the page, their scales and ticks.
pub struct Axes<'c> {
    pub corner: Position,
    pub size: Position,
    pub x: &'c Scale,
    pub y: &'c Scale,
    pub x_ticks: &'c Ticks,
    pub y_ticks: &'c Ticks,
}

impl Axes<'_> {
    /// Draws a panel.
    pub fn draw(&self, canvas: &mut SvgCanvas, panel: &Panel) {
        for tile in &panel.tiles {
            self.draw_tile(canvas, tile);
        }
        self.draw_grid(canvas);
        for curve in panel.curves.iter().filter(|_| panel.bands) {
            self.draw_band(canvas, curve);
        }
        for curve in &panel.curves {
            if !panel.bands {
                self.draw_bars(canvas, curve);
            }
            let stroke =
                Stroke { dash: curve.style.dash, ..Stroke::solid(curve.style.colour, 1.1) };
            canvas.polyline(&self.positions(curve), stroke);
        }
        // Above the curves, which would hide the limit that they approach.
        for line in &panel.lines {
            self.draw_line(canvas, line);
        }
        for (i, curve) in panel.curves.iter().enumerate() {
            // Different phases keep the markers of neighbouring curves apart.
            self.draw_markers(canvas, curve, MARKER_SPACING * (i % 4) as f64 / 4.0);
        }
        canvas.rectangle(self.corner, self.size, Stroke::solid(BLACK, 0.8));
        self.draw_tick_marks(canvas);
    }

    /// The position of `x` on the page.
    pub fn x_position(&self, x: f64) -> f64 {
        self.corner.0 + self.x.normalize(x) * self.size.0
    }

    /// The position of `y` on the page.
    pub fn y_position(&self, y: f64) -> f64 {
        self.corner.1 + (1.0 - self.y.normalize(y)) * self.size.1
    }

    fn right(&self) -> f64 {
        self.corner.0 + self.size.0
    }

    fn bottom(&self) -> f64 {
        self.corner.1 + self.size.1
    }

    fn draw_grid(&self, canvas: &mut SvgCanvas) {
        let stroke = Stroke::solid(LIGHT_GREY, 0.6);
        for tick in &self.x_ticks.major {
            let x = self.x_position(tick.value);
            canvas.polyline(&[(x, self.corner.1), (x, self.bottom())], stroke);
        }
        for tick in &self.y_ticks.major {
            let y = self.y_position(tick.value);
            canvas.polyline(&[(self.corner.0, y), (self.right(), y)], stroke);
        }
    }

    fn draw_tile(&self, canvas: &mut SvgCanvas, tile: &Tile) {
        let clip = |low: f64, size: f64, position: f64| position.clamp(low, low + size);
        let [left, right] =
            [tile.x.0, tile.x.1].map(|x| clip(self.corner.0, self.size.0, self.x_position(x)));
        let [bottom, top] =
            [tile.y.0, tile.y.1].map(|y| clip(self.corner.1, self.size.1, self.y_position(y)));
        canvas.filled_rectangle((left, top), (right - left, bottom - top), tile.colour);
    }

    fn draw_tick_marks(&self, canvas: &mut SvgCanvas) {
        let stroke = Stroke::solid(BLACK, 0.6);
        let (left, bottom) = (self.corner.0, self.bottom());
        for (value, length) in tick_marks(self.x_ticks) {
            let x = self.x_position(value);
            canvas.polyline(&[(x, bottom), (x, bottom + length)], stroke);
        }
        for (value, length) in tick_marks(self.y_ticks) {
            let y = self.y_position(value);
            canvas.polyline(&[(left - length, y), (left, y)], stroke);
        }
    }

    /// Draws the straight parts of a line, clipped to the axes, as one path.
    fn draw_line(&self, canvas: &mut SvgCanvas, line: &ReferenceLine) {
        let parts = line.parts();
        let height = |k: usize| {
            let place = k as f64 / parts as f64;
            self.y.normalize(line.at(self.x.kind.inverse(self.x.low + place * self.x.length())))
        };
        let mut path: Vec<(f64, f64)> = Vec::with_capacity(parts + 1);
        for k in 0..parts {
            let (start, end) = (height(k), height(k + 1));
            let Some((from, to)) = clip_line(start, end) else { continue };
            let point = |t: f64| {
                let height = start + t * (end - start);
                let x = self.corner.0 + (k as f64 + t) / parts as f64 * self.size.0;
                (x, self.corner.1 + (1.0 - height) * self.size.1)
            };
            path.extend(path.is_empty().then(|| point(from)));
            path.push(point(to));
        }
        if path.is_empty() {
            return;
        }
        let stroke = Stroke { dash: line.style.dash, ..Stroke::solid(line.style.colour, 1.1) };
        canvas.polyline(&path, stroke);
    }

    /// Draws the area between the lower and the upper ends of a curve's error bars.
    fn draw_band(&self, canvas: &mut SvgCanvas, curve: &Curve) {
        if curve.points.iter().any(|point| point.low < point.high) {
            let upper =
                curve.points.iter().map(|p| (self.x_position(p.x), self.y_position(p.high)));
            let lower = curve.points.iter().map(|p| (self.x_position(p.x), self.y_position(p.low)));
            canvas.area(upper.chain(lower.rev()), curve.style.colour);
        }
    }

    fn draw_bars(&self, canvas: &mut SvgCanvas, curve: &Curve) {
        let colour = curve.style.colour;
        for point in &curve.points {
            let (top, bottom) = (self.y_position(point.high), self.y_position(point.low));
            if bottom - top > MIN_BAR_LENGTH {
                let x = self.x_position(point.x);
                canvas.polyline(&[(x, top), (x, bottom)], Stroke::solid(colour, 0.7));
            }
        }
    }

    fn draw_markers(&self, canvas: &mut SvgCanvas, curve: &Curve, phase: f64) {
        if let Some(marker) = curve.style.marker {
            let positions = self.positions(curve);
            // Markers without a line must all be drawn.
            let positions = match curve.style.dash {
                Dash::None => positions,
                _ => thin_markers(&positions, phase),
            };
            for at in positions {
                canvas.marker(at, marker, curve.style.colour);
            }
        }
    }

    /// The positions of the points of a curve on the page.
    pub fn positions(&self, curve: &Curve) -> Vec<Position> {
        let position = |point: &Point| (self.x_position(point.x), self.y_position(point.y));
        curve.points.iter().map(position).collect()
    }
}

/// Tick values with the length of their marks.
fn tick_marks(ticks: &Ticks) -> impl Iterator<Item = (f64, f64)> {
    let major = ticks.major.iter().map(|tick| (tick.value, 3.5));
    major.chain(ticks.minor.iter().map(|&value| (value, 2.0)))
}

/// The part (from, to) of a line from height `start` at 0 to height `end` at 1 whose height is
/// within 0..1.
fn clip_line(start: f64, end: f64) -> Option<(f64, f64)> {
    let slope = end - start;
    if slope == 0.0 {
        return (0.0..=1.0).contains(&start).then_some((0.0, 1.0));
    }
    let (a, b) = (-start / slope, (1.0 - start) / slope);
    let (from, to) = (a.min(b).max(0.0), a.max(b).min(1.0));
    (from < to).then_some((from, to))
}

/// All positions if few are crowded. Otherwise the first and then every one at least
/// [`MARKER_SPACING`] from the one before; the second is another `phase` farther.
fn thin_markers(positions: &[Position], phase: f64) -> Vec<Position> {
    let distance = |a: &Position, b: &Position| (a.0 - b.0).hypot(a.1 - b.1);
    let crowded = positions.windows(2).filter(|w| distance(&w[0], &w[1]) < MARKER_SPACING / 2.0);
    if crowded.count() * 2 < positions.len() {
        return positions.to_vec();
    }
    let mut chosen: Vec<Position> = Vec::new();
    for position in positions {
        let least = MARKER_SPACING + if chosen.len() == 1 { phase } else { 0.0 };
        if chosen.last().is_none_or(|last| distance(last, position) >= least) {
            chosen.push(*position);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_at_the_frame() {
        assert_eq!(clip_line(0.25, 0.75), Some((0.0, 1.0)));
        assert_eq!(clip_line(2.0, -2.0), Some((0.25, 0.5)));
        assert_eq!(clip_line(0.5, 0.5), Some((0.0, 1.0)));
        assert_eq!(clip_line(1.5, 1.5), None);
        assert_eq!(clip_line(1.5, 3.0), None);
    }

    #[test]
    fn crowded_markers_are_thinned_and_spread_out_ones_are_not() {
        let row =
            |step: f64| -> Vec<Position> { (0..50).map(|i| (f64::from(i) * step, 0.0)).collect() };
        assert_eq!(thin_markers(&row(8.0), 0.0).len(), 50);
        let thinned = thin_markers(&row(1.0), 4.0);
        assert_eq!(thinned[..3], [(0.0, 0.0), (15.0, 0.0), (26.0, 0.0)]);
    }
}
