//! Places panels, axes, legend and notes on the page and writes the SVG.

use super::canvas::{Anchor, At, Canvas};
use super::chart::Chart;
use super::legend::Legend;
use super::markup;
use super::plot::Plot;
use super::scale::Scale;
use super::style::{BLACK, GREY, LABEL_SIZE, NOTE_SIZE, TICK_SIZE};
use super::ticks::{Room, Tick, Ticks};

/// Free space around everything.
const EDGE: f64 = 4.0;
/// Between tick marks and their labels.
const TICK_PAD: f64 = 5.5;
/// Between panels side by side; a tick label may reach half-way into it.
const GUTTER: f64 = 14.0;
/// Between a panel and the title of the one below.
const ROW_GAP: f64 = 8.0;
/// From one line of the notes to the next.
const NOTE_ROW: f64 = 9.0;

/// Sizes that follow from the number of panels.
struct Grid {
    columns: usize,
    rows: usize,
    /// Of the whole figure.
    width: f64,
    panel_height: f64,
    title_height: f64,
}

impl Grid {
    /// One panel fills a column of a two-column paper (3.5 in), many fill its page (6.5 in).
    fn of(panels: usize) -> Self {
        let (columns, width, panel_height) = match panels {
            0 | 1 => (1, 252.0, 165.0),
            2 => (2, 400.0, 150.0),
            3 => (3, 468.0, 130.0),
            4 => (2, 400.0, 120.0),
            5 | 6 => (3, 468.0, 110.0),
            9 => (3, 468.0, 100.0),
            _ => (4, 468.0, 100.0),
        };
        Self {
            columns,
            rows: panels.div_ceil(columns).max(1),
            width,
            panel_height,
            title_height: if panels > 1 { 14.0 } else { 0.0 },
        }
    }

    fn x_room(&self, plot_width: f64) -> Room {
        Room { length: plot_width, font: TICK_SIZE, side_by_side: true }
    }

    fn y_room(&self) -> Room {
        Room { length: self.panel_height, font: TICK_SIZE, side_by_side: false }
    }
}

/// A figure on its page.
pub struct Drawing {
    pub svg: String,
    /// In the SVG's own unit.
    pub size: At,
    /// The place of every point of every curve, panel by panel.
    pub places: Vec<Vec<Vec<At>>>,
}

/// The figure as an SVG document; `None` if no panel has any point.
pub fn to_svg(chart: &Chart, notes: &str) -> Option<String> {
    lay_out(chart, notes).map(|drawing| drawing.svg)
}

/// Like [`to_svg`], with the places of the points.
pub fn lay_out(chart: &Chart, notes: &str) -> Option<Drawing> {
    let (x, y) = (chart.x_scale()?, chart.y_scale()?);
    let grid = Grid::of(chart.panels.len());
    let y_ticks = Ticks::of(&y, grid.y_room());
    let left = EDGE + LABEL_SIZE + 7.0 + widest(&y_ticks.major) + TICK_PAD;
    let inner = grid.width - left - EDGE - GUTTER / 2.0;
    let panel_width = (inner - GUTTER * (grid.columns - 1) as f64) / grid.columns as f64;
    let x_ticks = Ticks::of(&x, grid.x_room(panel_width));
    let page = Page {
        canvas: Canvas::default(),
        panel_size: (panel_width, grid.panel_height),
        grid,
        left,
        x,
        y,
        x_ticks,
        y_ticks,
    };
    Some(page.fill(chart, notes))
}

struct Page {
    canvas: Canvas,
    grid: Grid,
    left: f64,
    panel_size: At,
    x: Scale,
    y: Scale,
    x_ticks: Ticks,
    y_ticks: Ticks,
}

impl Page {
    fn fill(mut self, chart: &Chart, notes: &str) -> Drawing {
        let mut places = Vec::new();
        let legend = Legend::new(chart.legend(), self.grid.width - 2.0 * EDGE);
        legend.draw(&mut self.canvas, (EDGE, EDGE), self.grid.width - 2.0 * EDGE);
        let top = EDGE + legend.height() + 5.0;
        for (i, panel) in chart.panels.iter().enumerate() {
            let corner = self.corner(i, top);
            let (x, y) = (self.x, self.y);
            let (x_ticks, y_ticks) = (&self.x_ticks, &self.y_ticks);
            let plot = Plot { corner, size: self.panel_size, x: &x, y: &y, x_ticks, y_ticks };
            plot.draw(&mut self.canvas, panel);
            places.push(panel.curves.iter().map(|curve| plot.places(curve)).collect());
            let title = (corner.0 + self.panel_size.0 / 2.0, corner.1 - 4.0);
            self.canvas.text(title, Anchor::Middle, TICK_SIZE, BLACK, &panel.title);
            let lowest = i + self.grid.columns >= chart.panels.len();
            self.label_ticks(corner, i % self.grid.columns == 0, lowest);
        }
        let bottom = self.label_axes(chart, top);
        let bottom = self.write_notes(notes, bottom);
        let size = (self.grid.width, bottom + EDGE);
        Drawing { svg: self.canvas.finish(size, &chart.title), size, places }
    }

    /// The upper left corner of the `index`-th plot.
    fn corner(&self, index: usize, top: f64) -> At {
        let (column, row) = (index % self.grid.columns, index / self.grid.columns);
        let step = (self.panel_size.0 + GUTTER, self.row_height());
        let first = (self.left, top + self.grid.title_height);
        (first.0 + step.0 * column as f64, first.1 + step.1 * row as f64)
    }

    fn row_height(&self) -> f64 {
        self.grid.panel_height + self.grid.title_height + ROW_GAP
    }

    /// Shared axes: labels only at the left column and below the lowest plot of a column, and
    /// none that would run into those of the next plot or off the page.
    fn label_ticks(&mut self, corner: At, leftmost: bool, lowest: bool) {
        let (width, height) = self.panel_size;
        let y_ticks = self.y_ticks.major.iter().filter(|_| leftmost);
        for tick in y_ticks {
            let y = corner.1 + (1.0 - self.y.place(tick.value)) * height + 0.36 * TICK_SIZE;
            let at = (corner.0 - TICK_PAD, y);
            self.canvas.text(at, Anchor::End, TICK_SIZE, BLACK, &tick.label);
        }
        for tick in self.x_ticks.major.iter().filter(|_| lowest) {
            let along = self.x.place(tick.value) * width;
            let reach = markup::width(&tick.label, TICK_SIZE) / 2.0 - along.min(width - along);
            if reach > GUTTER / 2.0 {
                continue;
            }
            let at = (corner.0 + along, corner.1 + height + TICK_PAD + 0.85 * TICK_SIZE);
            self.canvas.text(at, Anchor::Middle, TICK_SIZE, BLACK, &tick.label);
        }
    }

    /// Both axis labels, in the middle of all plots. Returns where free space begins.
    fn label_axes(&mut self, chart: &Chart, top: f64) -> f64 {
        let columns = self.grid.columns as f64;
        let width = self.panel_size.0 * columns + GUTTER * (columns - 1.0);
        let bottom = top + self.row_height() * self.grid.rows as f64 - ROW_GAP;
        let baseline = bottom + TICK_PAD + TICK_SIZE + 4.0 + LABEL_SIZE;
        let below = (self.left + width / 2.0, baseline);
        self.canvas.text(below, Anchor::Middle, LABEL_SIZE, BLACK, &chart.x.label);
        let first = top + self.grid.title_height;
        let beside = (EDGE + LABEL_SIZE * 0.85, f64::midpoint(first, bottom));
        self.canvas.text_upwards(beside, LABEL_SIZE, BLACK, &chart.y.label);
        baseline + 4.0
    }

    fn write_notes(&mut self, notes: &str, top: f64) -> f64 {
        let lines = markup::wrap(notes, NOTE_SIZE, self.grid.width - 2.0 * EDGE);
        let lines: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        for (i, line) in lines.iter().enumerate() {
            let at = (EDGE, top + NOTE_ROW * (i + 1) as f64);
            self.canvas.text(at, Anchor::Start, NOTE_SIZE, GREY, line);
        }
        top + NOTE_ROW * lines.len() as f64
    }
}

fn widest(ticks: &[Tick]) -> f64 {
    let widths = ticks.iter().map(|tick| markup::width(&tick.label, TICK_SIZE));
    widths.fold(0.0, f64::max)
}
