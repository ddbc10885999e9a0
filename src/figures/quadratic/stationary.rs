//! The stationary state of SGD around a minimum that does not interpolate: Cor 13 of \[M\] and simulation.

use std::path::Path;

use crate::figures::error::FiguresError;
use crate::figures::plotting::chart::{Axis, Chart, Curve, Panel, Point};
use crate::figures::plotting::scale::ScaleKind;
use crate::figures::plotting::style::{Dash, Marker, OKABE_ITO, Style};
use crate::statistics::group_by;
use crate::table::Table;

/// Label and columns of every quantity: theory, simulation, standard error.
const QUANTITIES: [(&str, [&str; 3]); 4] = [
    ("squared distance", ["distance_theory", "distance_simulated", "distance_error"]),
    ("loss gap", ["loss_gap_theory", "loss_gap_simulated", "loss_gap_error"]),
    (
        "squared gradient",
        ["gradient_squared_theory", "gradient_squared_simulated", "gradient_squared_error"],
    ),
    ("null space, per step", ["null_growth_theory", "null_growth_simulated", "null_growth_error"]),
];

struct Measurement {
    batch_size: f64,
    fraction: f64,
    values: [[Option<f64>; 3]; 4],
}

/// One panel per batch size.
pub fn chart(folder: &Path) -> Result<(Chart, String), FiguresError> {
    let read = Table::open(&folder.join("stationary.csv"))?.rows(|row| {
        let mut values = [[None; 3]; 4];
        for (cells, (_, columns)) in values.iter_mut().zip(QUANTITIES) {
            for (cell, column) in cells.iter_mut().zip(columns) {
                *cell = row.signed(column)?;
            }
        }
        let (batch_size, fraction) = (row.positive("batch_size")?, row.positive("fraction")?);
        Ok::<_, FiguresError>(Measurement { batch_size, fraction, values })
    })?;
    let panel = |(size, rows): (f64, Vec<Measurement>)| Panel {
        title: format!("*B* = {size}"),
        curves: (0..QUANTITIES.len()).flat_map(|k| curves(k, &rows)).collect(),
        ..Panel::default()
    };
    let chart = Chart {
        title: "Stationary distance, loss and gradient against the step size".to_owned(),
        x: Axis::new(ScaleKind::Linear, "step size *η*/*η*_{var}"),
        y: Axis::new(ScaleKind::Log10, "mean at the stationary state"),
        panels: group_by(read, |row| row.batch_size).into_iter().map(panel).collect(),
    };
    Ok((chart, "Lines: theory. Markers: simulation.".to_owned()))
}

/// Theory as a line, simulation as markers of the same colour.
fn curves(k: usize, rows: &[Measurement]) -> [Curve; 2] {
    let (label, _) = QUANTITIES[k];
    let positive = |value: Option<f64>| value.filter(|value| *value > 0.0);
    // Where the theory is 0, the simulated value is rounding.
    let simulated = |row: &Measurement| {
        let [theory, simulated, _] = row.values[k];
        positive(simulated).filter(|_| theory != Some(0.0))
    };
    let theory = Style::line(OKABE_ITO[k], Dash::Solid);
    let markers = Style::markers(OKABE_ITO[k], Marker::nth(k));
    let curve = |label, style, value: &dyn Fn(&Measurement) -> Option<f64>| {
        let points = rows.iter().filter_map(|row| Some(Point::exact(row.fraction, value(row)?)));
        Curve::new(label, style, points.collect())
    };
    [curve("", theory, &|row| positive(row.values[k][0])), curve(label, markers, &simulated)]
}
