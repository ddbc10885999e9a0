//! Places legend, panels, tick labels, axis labels and caption on the page and writes the SVG.

use super::axes::Axes;
use super::canvas::{Position, SvgCanvas, TextAnchor};
use super::chart::Chart;
use super::legend::Legend;
use super::markup;
use super::scale::Scale;
use super::style::{BLACK, CAPTION_SIZE, GREY, LABEL_SIZE, TICK_SIZE};
use super::ticks::{LabelSpace, Tick, Ticks};

/// Margin of the page.
const MARGIN: f64 = 4.0;
/// Between the axes and the tick labels.
const TICK_PAD: f64 = 5.5;
/// Between neighbouring columns; a tick label may extend into half of it.
const GUTTER: f64 = 14.0;
/// Between a panel and the title of the panel below.
const ROW_GAP: f64 = 8.0;
/// Smallest font size of a long label.
const SMALLEST: f64 = 5.0;
/// Line height of the caption.
const CAPTION_LINE: f64 = 9.0;

/// The grid of panels. Its sizes follow from the number of panels.
struct Grid {
    columns: usize,
    rows: usize,
    /// Width of the figure.
    width: f64,
    panel_height: f64,
    title_height: f64,
}

impl Grid {
    /// One panel fills a column of a two-column paper (3.5 in), several fill the page (6.5 in).
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

    fn x_space(&self, plot_width: f64) -> LabelSpace {
        LabelSpace { length: plot_width, font_size: TICK_SIZE, horizontal: true }
    }

    fn y_space(&self) -> LabelSpace {
        LabelSpace { length: self.panel_height, font_size: TICK_SIZE, horizontal: false }
    }
}

/// A figure as SVG.
pub struct Drawing {
    pub svg: String,
    /// (width, height) in the SVG's unit.
    pub size: Position,
    /// The position of every point of every curve of every panel.
    pub positions: Vec<Vec<Vec<Position>>>,
}

/// The figure as an SVG document; `None` if no panel has any point.
pub fn to_svg(chart: &Chart, caption: &str) -> Option<String> {
    render(chart, caption).map(|drawing| drawing.svg)
}

/// Like [`to_svg`], with the positions of the points.
pub fn render(chart: &Chart, caption: &str) -> Option<Drawing> {
    let (x, y) = (chart.x_scale()?, chart.y_scale()?);
    let grid = Grid::of(chart.panels.len());
    let y_ticks = Ticks::of(&y, grid.y_space());
    let left = MARGIN + LABEL_SIZE + 7.0 + widest(&y_ticks.major) + TICK_PAD;
    let inner = grid.width - left - MARGIN - GUTTER / 2.0;
    let panel_width = (inner - GUTTER * (grid.columns - 1) as f64) / grid.columns as f64;
    let x_ticks = Ticks::of(&x, grid.x_space(panel_width));
    let page = Page {
        canvas: SvgCanvas::default(),
        panel_size: (panel_width, grid.panel_height),
        grid,
        left,
        x,
        y,
        x_ticks,
        y_ticks,
    };
    Some(page.draw(chart, caption))
}

struct Page {
    canvas: SvgCanvas,
    grid: Grid,
    left: f64,
    panel_size: Position,
    x: Scale,
    y: Scale,
    x_ticks: Ticks,
    y_ticks: Ticks,
}

impl Page {
    fn draw(mut self, chart: &Chart, caption: &str) -> Drawing {
        let mut positions = Vec::new();
        let legend = Legend::new(chart.legend_entries(), self.grid.width - 2.0 * MARGIN);
        legend.draw(&mut self.canvas, (MARGIN, MARGIN), self.grid.width - 2.0 * MARGIN);
        let top = MARGIN + legend.height() + 5.0;
        for (i, panel) in chart.panels.iter().enumerate() {
            let corner = self.corner(i, top);
            let (x, y) = (self.x, self.y);
            let (x_ticks, y_ticks) = (&self.x_ticks, &self.y_ticks);
            let axes = Axes { corner, size: self.panel_size, x: &x, y: &y, x_ticks, y_ticks };
            axes.draw(&mut self.canvas, panel);
            positions.push(panel.curves.iter().map(|curve| axes.positions(curve)).collect());
            let title = (corner.0 + self.panel_size.0 / 2.0, corner.1 - 4.0);
            let size = fitting(&panel.title, TICK_SIZE, self.panel_size.0 + GUTTER / 2.0);
            self.canvas.text(title, TextAnchor::Middle, size, BLACK, &panel.title);
            let lowest = i + self.grid.columns >= chart.panels.len();
            self.label_ticks(corner, i % self.grid.columns == 0, lowest);
        }
        let bottom = self.label_axes(chart, top);
        let bottom = self.write_caption(caption, bottom);
        let size = (self.grid.width, bottom + MARGIN);
        Drawing { svg: self.canvas.finish(size, &chart.title), size, positions }
    }

    /// The upper left corner of the `index`-th panel.
    fn corner(&self, index: usize, top: f64) -> Position {
        let (column, row) = (index % self.grid.columns, index / self.grid.columns);
        let step = (self.panel_size.0 + GUTTER, self.row_height());
        let first = (self.left, top + self.grid.title_height);
        (first.0 + step.0 * column as f64, first.1 + step.1 * row as f64)
    }

    fn row_height(&self) -> f64 {
        self.grid.panel_height + self.grid.title_height + ROW_GAP
    }

    /// Labels the ticks of shared axes: on the left of the first column and below the last panel of a
    /// column. A label that would overlap those of the next panel or leave the page is omitted.
    fn label_ticks(&mut self, corner: Position, leftmost: bool, lowest: bool) {
        let (width, height) = self.panel_size;
        let y_ticks = self.y_ticks.major.iter().filter(|_| leftmost);
        for tick in y_ticks {
            let y = corner.1 + (1.0 - self.y.normalize(tick.value)) * height + 0.36 * TICK_SIZE;
            let at = (corner.0 - TICK_PAD, y);
            self.canvas.text(at, TextAnchor::End, TICK_SIZE, BLACK, &tick.label);
        }
        for tick in self.x_ticks.major.iter().filter(|_| lowest) {
            let along = self.x.normalize(tick.value) * width;
            let overhang = markup::width(&tick.label, TICK_SIZE) / 2.0 - along.min(width - along);
            if overhang > GUTTER / 2.0 {
                continue;
            }
            let at = (corner.0 + along, corner.1 + height + TICK_PAD + 0.85 * TICK_SIZE);
            self.canvas.text(at, TextAnchor::Middle, TICK_SIZE, BLACK, &tick.label);
        }
    }

    /// Writes both axis labels, centred on all panels. Returns the y position below them.
    fn label_axes(&mut self, chart: &Chart, top: f64) -> f64 {
        let columns = self.grid.columns as f64;
        let width = self.panel_size.0 * columns + GUTTER * (columns - 1.0);
        let bottom = top + self.row_height() * self.grid.rows as f64 - ROW_GAP;
        let baseline = bottom + TICK_PAD + TICK_SIZE + 4.0 + LABEL_SIZE;
        let below = (self.left + width / 2.0, baseline);
        let label = with_power(&chart.x.label, &self.x_ticks);
        let size = fitting(&label, LABEL_SIZE, 2.0 * (self.grid.width - below.0));
        self.canvas.text(below, TextAnchor::Middle, size, BLACK, &label);
        let first = top + self.grid.title_height;
        let at = (MARGIN + LABEL_SIZE * 0.85, f64::midpoint(first, bottom));
        // It may extend beside the legend and the label below.
        let label = with_power(&chart.y.label, &self.y_ticks);
        let size = fitting(&label, LABEL_SIZE, 2.0 * (baseline - at.1));
        self.canvas.vertical_text(at, size, BLACK, &label);
        baseline + 4.0
    }

    fn write_caption(&mut self, caption: &str, top: f64) -> f64 {
        let lines = markup::wrap(caption, CAPTION_SIZE, self.grid.width - 2.0 * MARGIN);
        let lines: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        for (i, line) in lines.iter().enumerate() {
            let at = (MARGIN, top + CAPTION_LINE * (i + 1) as f64);
            self.canvas.text(at, TextAnchor::Start, CAPTION_SIZE, GREY, line);
        }
        top + CAPTION_LINE * lines.len() as f64
    }
}

/// The label of an axis with the power of ten of its ticks.
fn with_power(label: &str, ticks: &Ticks) -> String {
    match ticks.exponent {
        Some(exponent) => format!("{label} / 10^{{{exponent}}}").replace("{-", "{−"),
        None => label.to_owned(),
    }
}

/// The font size `size`, or the smaller one at which a label is at most `length` long.
fn fitting(label: &str, size: f64, length: f64) -> f64 {
    let found = markup::width(label, size);
    if found > length { (size * length / found).max(SMALLEST) } else { size }
}

fn widest(ticks: &[Tick]) -> f64 {
    let widths = ticks.iter().map(|tick| markup::width(&tick.label, TICK_SIZE));
    widths.fold(0.0, f64::max)
}
