//! One plot: grid, ticks, reference lines and curves inside a frame.

use super::canvas::{At, Canvas, Stroke};
use super::chart::{Curve, Panel, PowerLine, Tile};
use super::scale::Scale;
use super::style::{BLACK, Dash, PALE};
use super::summary::Point;
use super::ticks::Ticks;

/// Markers closer than this would melt into a band.
const MARKER_SPACING: f64 = 11.0;
/// Bars shorter than this hide behind their marker.
const SHORTEST_BAR: f64 = 0.3;

/// Where a plot lies and what its axes show.
pub struct Plot<'c> {
    pub corner: At,
    pub size: At,
    pub x: &'c Scale,
    pub y: &'c Scale,
    pub x_ticks: &'c Ticks,
    pub y_ticks: &'c Ticks,
}

impl Plot<'_> {
    /// Draws everything inside the frame, and the frame.
    pub fn draw(&self, canvas: &mut Canvas, panel: &Panel) {
        for tile in &panel.tiles {
            self.draw_tile(canvas, tile);
        }
        self.draw_grid(canvas);
        for curve in &panel.curves {
            self.draw_curve(canvas, curve);
        }
        // Above the curves, which otherwise hide the limit that they reach.
        for line in &panel.lines {
            self.draw_line(canvas, line);
        }
        for (i, curve) in panel.curves.iter().enumerate() {
            // Markers of neighbouring curves start at different places, to stay apart.
            self.draw_markers(canvas, curve, MARKER_SPACING * (i % 4) as f64 / 4.0);
        }
        canvas.frame(self.corner, self.size, Stroke::solid(BLACK, 0.8));
        self.draw_tick_marks(canvas);
    }

    /// The abscissa of a value on the page.
    pub fn across(&self, x: f64) -> f64 {
        self.corner.0 + self.x.place(x) * self.size.0
    }

    /// The ordinate of a value on the page.
    pub fn down(&self, y: f64) -> f64 {
        self.corner.1 + (1.0 - self.y.place(y)) * self.size.1
    }

    fn right(&self) -> f64 {
        self.corner.0 + self.size.0
    }

    fn bottom(&self) -> f64 {
        self.corner.1 + self.size.1
    }

    fn draw_grid(&self, canvas: &mut Canvas) {
        let stroke = Stroke::solid(PALE, 0.6);
        for tick in &self.x_ticks.major {
            let x = self.across(tick.value);
            canvas.polyline(&[(x, self.corner.1), (x, self.bottom())], stroke);
        }
        for tick in &self.y_ticks.major {
            let y = self.down(tick.value);
            canvas.polyline(&[(self.corner.0, y), (self.right(), y)], stroke);
        }
    }

    fn draw_tile(&self, canvas: &mut Canvas, tile: &Tile) {
        let within = |low: f64, size: f64, place: f64| place.clamp(low, low + size);
        let [left, right] =
            [tile.x.0, tile.x.1].map(|x| within(self.corner.0, self.size.0, self.across(x)));
        let [bottom, top] =
            [tile.y.0, tile.y.1].map(|y| within(self.corner.1, self.size.1, self.down(y)));
        canvas.fill((left, top), (right - left, bottom - top), tile.colour);
    }

    fn draw_tick_marks(&self, canvas: &mut Canvas) {
        let stroke = Stroke::solid(BLACK, 0.6);
        let (left, bottom) = (self.corner.0, self.bottom());
        for (value, length) in marks(self.x_ticks) {
            let x = self.across(value);
            canvas.polyline(&[(x, bottom), (x, bottom + length)], stroke);
        }
        for (value, length) in marks(self.y_ticks) {
            let y = self.down(value);
            canvas.polyline(&[(left - length, y), (left, y)], stroke);
        }
    }

    /// A power law is straight on logarithmic axes, a constant on all: two ends suffice.
    fn draw_line(&self, canvas: &mut Canvas, line: &PowerLine) {
        let at_place = |place: f64| self.x.kind.inverse(self.x.low + place * self.x.length());
        let (start, end) =
            (self.y.place(line.at(at_place(0.0))), self.y.place(line.at(at_place(1.0))));
        let Some((from, to)) = inside(start, end) else {
            return;
        };
        let end = |t: f64| {
            let height = start + t * (end - start);
            let x = self.corner.0 + t * self.size.0;
            (x, self.corner.1 + (1.0 - height) * self.size.1)
        };
        let stroke = Stroke { dash: line.style.dash, ..Stroke::solid(line.style.colour, 1.1) };
        canvas.polyline(&[end(from), end(to)], stroke);
    }

    /// The bars of a curve and the line through its points.
    fn draw_curve(&self, canvas: &mut Canvas, curve: &Curve) {
        let colour = curve.style.colour;
        for point in &curve.points {
            let (top, bottom) = (self.down(point.high), self.down(point.low));
            if bottom - top > SHORTEST_BAR {
                let x = self.across(point.x);
                canvas.polyline(&[(x, top), (x, bottom)], Stroke::solid(colour, 0.7));
            }
        }
        let stroke = Stroke { dash: curve.style.dash, ..Stroke::solid(colour, 1.1) };
        canvas.polyline(&self.places(curve), stroke);
    }

    fn draw_markers(&self, canvas: &mut Canvas, curve: &Curve, phase: f64) {
        if let Some(marker) = curve.style.marker {
            let places = self.places(curve);
            // Without a line every marker is a datum of its own.
            let places =
                if curve.style.dash == Dash::None { places } else { spaced(&places, phase) };
            for at in places {
                canvas.marker(at, marker, curve.style.colour);
            }
        }
    }

    /// Where the points of a curve lie.
    pub fn places(&self, curve: &Curve) -> Vec<At> {
        let place = |point: &Point| (self.across(point.x), self.down(point.y));
        curve.points.iter().map(place).collect()
    }
}

/// Tick values with the length of their marks.
fn marks(ticks: &Ticks) -> impl Iterator<Item = (f64, f64)> {
    let major = ticks.major.iter().map(|tick| (tick.value, 3.5));
    major.chain(ticks.minor.iter().map(|&value| (value, 2.0)))
}

/// The part of 0..1 in which the straight line from `start` to `end` is within 0..1.
fn inside(start: f64, end: f64) -> Option<(f64, f64)> {
    let slope = end - start;
    if slope == 0.0 {
        return (0.0..=1.0).contains(&start).then_some((0.0, 1.0));
    }
    let (a, b) = (-start / slope, (1.0 - start) / slope);
    let (from, to) = (a.min(b).max(0.0), a.max(b).min(1.0));
    (from < to).then_some((from, to))
}

/// All places if they are spread out; else the first, and then one whenever the last lies
/// [`MARKER_SPACING`] behind, the second one `phase` later.
fn spaced(places: &[At], phase: f64) -> Vec<At> {
    let distance = |a: &At, b: &At| (a.0 - b.0).hypot(a.1 - b.1);
    let crowded = places.windows(2).filter(|w| distance(&w[0], &w[1]) < MARKER_SPACING / 2.0);
    if crowded.count() * 2 < places.len() {
        return places.to_vec();
    }
    let mut chosen: Vec<At> = Vec::new();
    for place in places {
        let wanted = MARKER_SPACING + if chosen.len() == 1 { phase } else { 0.0 };
        if chosen.last().is_none_or(|last| distance(last, place) >= wanted) {
            chosen.push(*place);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_at_the_frame() {
        assert_eq!(inside(0.25, 0.75), Some((0.0, 1.0)));
        assert_eq!(inside(2.0, -2.0), Some((0.25, 0.5)));
        assert_eq!(inside(0.5, 0.5), Some((0.0, 1.0)));
        assert_eq!(inside(1.5, 1.5), None);
        assert_eq!(inside(1.5, 3.0), None);
    }

    #[test]
    fn crowded_markers_are_thinned_and_spread_out_ones_are_not() {
        let row = |step: f64| -> Vec<At> { (0..50).map(|i| (f64::from(i) * step, 0.0)).collect() };
        assert_eq!(spaced(&row(8.0), 0.0).len(), 50);
        let thinned = spaced(&row(1.0), 4.0);
        assert_eq!(thinned[..3], [(0.0, 0.0), (15.0, 0.0), (26.0, 0.0)]);
    }
}
