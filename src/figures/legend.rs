//! The legend: rows of entries above the plot, where it can't cover data.

use super::canvas::{Anchor, At, Canvas, Stroke};
use super::markup;
use super::style::{BLACK, Style, TICK_SIZE};

const ROW: f64 = 12.5;
const SAMPLE: f64 = 19.0;
const GAP: f64 = 4.0;
const BETWEEN: f64 = 10.0;

/// Entries in rows and columns.
pub struct Legend<'c> {
    entries: Vec<(&'c str, Style)>,
    /// One for each column, with the space behind it.
    widths: Vec<f64>,
}

impl<'c> Legend<'c> {
    /// As few rows as fit into `width`, evenly filled.
    pub fn new(entries: Vec<(&'c str, Style)>, width: f64) -> Self {
        let fits = |columns: &usize| total(&column_widths(&entries, *columns)) <= width;
        let most = (1..=entries.len()).rev().find(fits).unwrap_or(1);
        let rows = entries.len().div_ceil(most).max(1);
        let columns = entries.len().div_ceil(rows).max(1);
        Self { widths: column_widths(&entries, columns), entries }
    }

    /// The height of all rows.
    pub fn height(&self) -> f64 {
        ROW * self.entries.len().div_ceil(self.widths.len()) as f64
    }

    /// Draws the rows, centred between `left` and `left + width`.
    pub fn draw(&self, canvas: &mut Canvas, (left, top): At, width: f64) {
        let left = left + ((width - total(&self.widths)) / 2.0).max(0.0);
        for (i, (label, style)) in self.entries.iter().enumerate() {
            let (row, column) = (i / self.widths.len(), i % self.widths.len());
            let x = left + self.widths[..column].iter().sum::<f64>();
            let y = top + ROW * (row as f64 + 0.5);
            draw_sample(canvas, (x, y), *style);
            let text = (x + SAMPLE + GAP, y + 0.36 * TICK_SIZE);
            canvas.text(text, Anchor::Start, TICK_SIZE, BLACK, label);
        }
    }
}

fn column_widths(entries: &[(&str, Style)], columns: usize) -> Vec<f64> {
    let mut widths = vec![0.0_f64; columns];
    for (i, (label, _)) in entries.iter().enumerate() {
        let width = markup::width(label, TICK_SIZE) + SAMPLE + GAP + BETWEEN;
        widths[i % columns] = widths[i % columns].max(width);
    }
    widths
}

/// The width of all columns, without the space behind the last.
fn total(widths: &[f64]) -> f64 {
    widths.iter().sum::<f64>() - BETWEEN
}

fn draw_sample(canvas: &mut Canvas, (x, y): At, style: Style) {
    let stroke = Stroke { dash: style.dash, ..Stroke::solid(style.colour, 1.3) };
    canvas.polyline(&[(x, y), (x + SAMPLE, y)], stroke);
    if let Some(marker) = style.marker {
        canvas.marker((x + SAMPLE / 2.0, y), marker, style.colour);
    }
}

#[cfg(test)]
mod tests {
    use super::super::style::Dash;
    use super::*;

    #[test]
    fn rows_are_few_filled_evenly_and_fit() {
        let style = Style::reference(BLACK, Dash::Solid);
        let labels: Vec<String> = (0..10).map(|i| format!("*B* = {}", 1 << i)).collect();
        let entries = labels.iter().map(|label| (label.as_str(), style));
        let legend = Legend::new(entries.collect(), 240.0);
        assert_eq!((legend.widths.len(), legend.height()), (3, 4.0 * ROW));
        assert!(total(&legend.widths) <= 240.0);
    }

    #[test]
    fn no_entries_and_no_room_are_no_trouble() {
        assert_eq!(Legend::new(Vec::new(), 100.0).height(), 0.0);
        let style = Style::reference(BLACK, Dash::Solid);
        let legend = Legend::new(vec![("a long label", style), ("another", style)], 5.0);
        assert_eq!(legend.height(), 2.0 * ROW);
    }
}
