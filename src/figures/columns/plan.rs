//! The panels and curves of a figure.

use std::collections::HashSet;
use std::rc::Rc;

use super::curves::{Curves, Division, Key, Value};
use super::data::{DataSet, Record};
use super::error::ColumnsError;
use super::request::{Marks, Request};
use super::styles::Styles;
use crate::figures::labels;
use crate::figures::plotting::chart::{Curve, Panel, Point};
use crate::figures::plotting::style::Style;
use crate::statistics::Range;

/// Most panels of a figure.
const MOST_PANELS: usize = 36;
/// Most curves of a panel.
const MOST_CURVES: usize = 1000;
/// With more curves only some are in the legend.
const MOST_ENTRIES: usize = 24;
/// The same for curves whose colours are in the order of their values.
const MOST_ORDERED: usize = 12;
/// Entries of a legend that has only some.
const SOME_ENTRIES: usize = 9;
/// Curves with more points than this have a band for their range, not bars.
const MOST_BARS: usize = 40;
/// Longest curve: finer details are thinner than a line.
const MOST_POINTS: usize = 2000;

/// How the rows of a request are divided into panels and curves.
pub struct Plan<'r> {
    request: &'r Request,
    marks: Marks,
    panels: Division,
    /// By the first column of `by`.
    colours: Division,
    /// By its other columns.
    variants: Division,
}

impl<'r> Plan<'r> {
    /// Divides `rows` as the request says.
    ///
    /// # Errors
    /// Too many panels or curves.
    pub fn new(
        data: &DataSet,
        rows: &[&Record],
        request: &'r Request,
        marks: Marks,
    ) -> Result<Self, ColumnsError> {
        let (first, others) = request.by.split_at(request.by.len().min(1));
        let plan = Self {
            request,
            marks,
            panels: Division::new(data, rows, &request.facet),
            colours: Division::new(data, rows, first),
            variants: Division::new(data, rows, others),
        };
        let too_many = |columns: &[String], count, most, what| {
            let columns = columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>();
            Err(ColumnsError::TooMany { columns: columns.join(", "), count, most, what })
        };
        if plan.panels.len() > MOST_PANELS {
            return too_many(&request.facet, plan.panels.len(), MOST_PANELS, "panels");
        }
        let curves = plan.colours.len() * plan.variants.len();
        if curves > MOST_CURVES {
            return too_many(&request.by, curves, MOST_CURVES, "curves");
        }
        Ok(plan)
    }

    /// The curve of a value of the `quantity`-th column.
    pub fn key(&self, quantity: usize, row: &Record) -> Key {
        let panel = self.panels.of(row);
        let variant = self.variants.of(row);
        match self.request.by.len() {
            0 => Key { panel, colour: quantity, variant },
            _ => Key {
                panel,
                colour: self.colours.of(row),
                variant: quantity * self.variants.len() + variant,
            },
        }
    }

    /// The panels with all of their curves; every panel has every curve, so that the legend has the order
    /// of the styles.
    pub fn panels(&self, curves: &Curves<'_>) -> Vec<Panel> {
        let titles = self.titles();
        let entries = self.entries(curves);
        let panels = titles.into_iter().enumerate().map(|(panel, title)| {
            let curve = |(label, style, colour, variant): &Entry| {
                let values = curves.get(&Key { panel, colour: *colour, variant: *variant });
                Curve::new(label, *style, self.points(values.map_or(&[], Vec::as_slice)))
            };
            let curves: Vec<Curve> = entries.iter().map(curve).collect();
            let bands = curves.iter().any(|curve| curve.points.len() > MOST_BARS);
            Panel { title, bands, curves, ..Panel::default() }
        });
        panels.collect()
    }

    /// The title of every panel; empty if there is only one.
    fn titles(&self) -> Vec<String> {
        let values = parts(&self.panels, self.panels.columns.len() > 1);
        let title = |panel: usize| {
            values.iter().map(|of| of[panel].as_str()).collect::<Vec<_>>().join(", ")
        };
        (0..self.panels.len()).map(title).collect()
    }

    /// Label, style and place of every curve.
    fn entries(&self, curves: &Curves<'_>) -> Vec<Entry> {
        let quantities: Vec<String> =
            self.request.y.iter().map(|name| labels::column(name)).collect();
        let brief = self.is_brief();
        let (first, others) = (parts(&self.colours, brief), parts(&self.variants, brief));
        let is_divided = !self.request.by.is_empty();
        let styles = if is_divided {
            let variants = self.variants.len() * quantities.len();
            Styles::new(&self.colours.values(0), variants, self.marks == Marks::Lines)
        } else {
            Styles::new(&self.request.y, 1, self.marks == Marks::Lines)
        };
        let label = |colour: usize, variant: usize| {
            let (quantity, variant) = match is_divided {
                true => (variant / self.variants.len(), variant % self.variants.len()),
                false => (colour, 0),
            };
            let mut words: Vec<&str> = Vec::new();
            if is_divided {
                words.extend(first.iter().map(|of| of[colour].as_str()));
                words.extend(others.iter().map(|of| of[variant].as_str()));
            }
            if quantities.len() > 1 {
                words.push(&quantities[quantity]);
            }
            words.join(", ")
        };
        let mut places: Vec<(usize, usize)> =
            curves.keys().map(|key| (key.colour, key.variant)).collect();
        places.sort_unstable();
        places.dedup();
        let count = places.len();
        let most = if styles.is_ordered { MOST_ORDERED } else { MOST_ENTRIES };
        let step = if count > most { count.div_ceil(SOME_ENTRIES) } else { 1 };
        let has_markers = count <= MOST_ORDERED || curves.values().all(|of| of.len() <= MOST_BARS);
        let entry = |(i, (colour, variant)): (usize, (usize, usize))| {
            let label = if i % step == 0 { label(colour, variant) } else { String::new() };
            let style = styles.of(colour, variant);
            let marker = style.marker.filter(|_| has_markers || self.marks == Marks::Points);
            (label, Style { marker, ..style }, colour, variant)
        };
        places.into_iter().enumerate().map(entry).collect()
    }

    /// Whether the legend leaves out names of columns, because its entries have several parts.
    fn is_brief(&self) -> bool {
        self.request.by.len() + usize::from(self.request.y.len() > 1) > 1
    }

    /// A sentence on names and lines that the legend and the titles leave out.
    pub fn legend_note(&self, panels: &[Panel]) -> Option<String> {
        let mut sentences = Vec::new();
        if self.panels.columns.len() > 1 {
            sentences.push(format!("Panels: {}.", self.panels.columns.join(", ")));
        }
        if self.is_brief() && !self.request.by.is_empty() {
            sentences.push(format!("Lines: {}.", self.request.by.join(", ")));
        }
        let curves = panels.first().map_or(&[][..], |panel| &panel.curves);
        let named = curves.iter().filter(|curve| !curve.label.is_empty()).count();
        if named < curves.len() && curves.len() > 1 {
            sentences.push(format!("The legend has {named} of {} lines.", curves.len()));
        }
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }

    fn points(&self, values: &[Value<'_>]) -> Vec<Point> {
        let mut values = values.to_vec();
        // The order of the file must not matter.
        values.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
        if self.marks == Marks::Points {
            return values.iter().map(|value| Point::exact(value.x, value.y)).collect();
        }
        let groups: Vec<_> = values.chunk_by(|a, b| a.x == b.x).collect();
        thinned(of_most_runs(&groups).into_iter().filter_map(summary).collect())
    }
}

/// Label, style, colour and variant of a curve.
type Entry = (String, Style, usize, usize);

/// The groups that have values of more than half of the runs, since the median of those that take
/// longest is that of other runs, and a run records its last epoch, whichever it is. All groups if that
/// would leave little.
fn of_most_runs<'g, 'd>(groups: &[&'g [Value<'d>]]) -> Vec<&'g [Value<'d>]> {
    let values = || groups.iter().flat_map(|group| group.iter());
    let runs: HashSet<_> = values().map(|value| Rc::as_ptr(&value.row.run)).collect();
    let common = groups.iter().copied().filter(|group| 2 * group.len() > runs.len());
    let common: Vec<&[Value<'_>]> = common.collect();
    let kept: usize = common.iter().map(|group| group.len()).sum();
    if 2 * kept < values().count() { groups.to_vec() } else { common }
}

/// Median and range of the values of one abscissa.
fn summary(values: &[Value<'_>]) -> Option<Point> {
    let range = Range::of(values.iter().map(|value| value.y))?;
    let (x, y) = (values.first()?.x, range.median);
    Some(Point { x, y, low: range.least, high: range.most, runs: values.len() })
}

/// The labels of every column of a division, one for each part.
fn parts(division: &Division, brief: bool) -> Vec<Vec<String>> {
    let columns = division.columns.iter().enumerate();
    columns.map(|(k, column)| labels::values(column, &division.values(k), brief)).collect()
}

/// At most [`MOST_POINTS`]: of equally long parts the lowest and the highest point, so that no spike is
/// lost.
fn thinned(points: Vec<Point>) -> Vec<Point> {
    if points.len() <= MOST_POINTS {
        return points;
    }
    let extremes = |part: &[Point]| {
        let by_height = |a: &&Point, b: &&Point| a.y.total_cmp(&b.y);
        let ends = [part.iter().min_by(by_height), part.iter().max_by(by_height)];
        let mut ends: Vec<Point> = ends.into_iter().flatten().copied().collect();
        ends.sort_by(|a, b| a.x.total_cmp(&b.x));
        ends.dedup();
        ends
    };
    points.chunks(points.len().div_ceil(MOST_POINTS / 2)).flat_map(extremes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_keeps_its_spikes() {
        let mut points: Vec<Point> =
            (0..9000).map(|i| Point::exact(f64::from(i), f64::from(i) / 1e4)).collect();
        (points[4567].y, points[8000].y) = (7.0, -1.0);
        let thin = thinned(points.clone());
        assert!(thin.len() <= MOST_POINTS);
        assert!(thin.contains(&points[4567]) && thin.contains(&points[8000]));
        assert!(thin.windows(2).all(|pair| pair[0].x < pair[1].x));
    }
}
