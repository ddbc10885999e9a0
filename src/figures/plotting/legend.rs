//! The legend: rows of entries above the axes, where it can't cover data.

use super::canvas::{Position, Stroke, SvgCanvas, TextAnchor};
use super::markup;
use super::style::{BLACK, Style, TICK_SIZE};

const ROW_HEIGHT: f64 = 12.5;
/// Length of the line and marker before a label.
const KEY_WIDTH: f64 = 19.0;
const KEY_GAP: f64 = 4.0;
const COLUMN_GAP: f64 = 10.0;

/// Entries in rows and columns.
pub struct Legend<'c> {
    entries: Vec<(&'c str, Style)>,
    /// Width of every column, including the gap after it.
    widths: Vec<f64>,
}

impl<'c> Legend<'c> {
    /// Arranges the entries in as few rows as fit into `width`, evenly filled.
    pub fn new(entries: Vec<(&'c str, Style)>, width: f64) -> Self {
        let fits = |columns: &usize| total_width(&column_widths(&entries, *columns)) <= width;
        let most = (1..=entries.len()).rev().find(fits).unwrap_or(1);
        let rows = entries.len().div_ceil(most).max(1);
        let columns = entries.len().div_ceil(rows).max(1);
        Self { widths: column_widths(&entries, columns), entries }
    }

    /// The height of all rows.
    pub fn height(&self) -> f64 {
        ROW_HEIGHT * self.entries.len().div_ceil(self.widths.len()) as f64
    }

    /// Draws the rows, centred between `left` and `left + width`.
    pub fn draw(&self, canvas: &mut SvgCanvas, (left, top): Position, width: f64) {
        let left = left + ((width - total_width(&self.widths)) / 2.0).max(0.0);
        for (i, (label, style)) in self.entries.iter().enumerate() {
            let (row, column) = (i / self.widths.len(), i % self.widths.len());
            let x = left + self.widths[..column].iter().sum::<f64>();
            let y = top + ROW_HEIGHT * (row as f64 + 0.5);
            draw_key(canvas, (x, y), *style);
            let text = (x + KEY_WIDTH + KEY_GAP, y + 0.36 * TICK_SIZE);
            canvas.text(text, TextAnchor::Start, TICK_SIZE, BLACK, label);
        }
    }
}

fn column_widths(entries: &[(&str, Style)], columns: usize) -> Vec<f64> {
    let mut widths = vec![0.0_f64; columns];
    for (i, (label, _)) in entries.iter().enumerate() {
        let width = markup::width(label, TICK_SIZE) + KEY_WIDTH + KEY_GAP + COLUMN_GAP;
        widths[i % columns] = widths[i % columns].max(width);
    }
    widths
}

/// The width of all columns, without the gap after the last.
fn total_width(widths: &[f64]) -> f64 {
    widths.iter().sum::<f64>() - COLUMN_GAP
}

fn draw_key(canvas: &mut SvgCanvas, (x, y): Position, style: Style) {
    let stroke = Stroke { dash: style.dash, ..Stroke::solid(style.colour, 1.3) };
    canvas.polyline(&[(x, y), (x + KEY_WIDTH, y)], stroke);
    if let Some(marker) = style.marker {
        canvas.marker((x + KEY_WIDTH / 2.0, y), marker, style.colour);
    }
}

#[cfg(test)]
mod tests {
    use super::super::style::Dash;
    use super::*;

    #[test]
    fn rows_are_few_filled_evenly_and_fit() {
        let style = Style::line(BLACK, Dash::Solid);
        let labels: Vec<String> = (0..10).map(|i| format!("*B* = {}", 1 << i)).collect();
        let entries = labels.iter().map(|label| (label.as_str(), style));
        let legend = Legend::new(entries.collect(), 240.0);
        assert_eq!((legend.widths.len(), legend.height()), (3, 4.0 * ROW_HEIGHT));
        assert!(total_width(&legend.widths) <= 240.0);
    }

    #[test]
    fn no_entries_and_no_room_are_no_trouble() {
        assert_eq!(Legend::new(Vec::new(), 100.0).height(), 0.0);
        let style = Style::line(BLACK, Dash::Solid);
        let legend = Legend::new(vec![("a long label", style), ("another", style)], 5.0);
        assert_eq!(legend.height(), 2.0 * ROW_HEIGHT);
    }
}
