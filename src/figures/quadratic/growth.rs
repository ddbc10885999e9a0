//! Growth rates around the mean-square threshold: of E‖θ‖² and of a typical ‖θ‖².

use std::path::Path;

use crate::figures::error::FiguresError;
use crate::figures::plotting::chart::{Axis, Chart, Curve, Panel, Point, ReferenceLine};
use crate::figures::plotting::scale::ScaleKind;
use crate::figures::plotting::style::{BLACK, Colour, Dash, GREY, Marker, OKABE_ITO, Style};
use crate::statistics::group_by;
use crate::table::{Table, TableError};

/// One quantity against η/η*_var.
struct Quantity {
    label: &'static str,
    style: Style,
    column: &'static str,
    /// Column of the standard error; empty if there is none.
    error: &'static str,
    /// λ is drawn as the rate of ‖θ‖², 2λ.
    factor: f64,
}

impl Quantity {
    fn line(label: &'static str, column: &'static str, colour: Colour, dash: Dash) -> Self {
        let style = Style::line(colour, dash);
        Self { label, style, column, error: "", factor: 1.0 }
    }

    fn points(
        label: &'static str,
        column: &'static str,
        error: &'static str,
        colour: Colour,
        marker: Marker,
    ) -> Self {
        let style = Style::markers(colour, marker);
        Self { label, style, column, error, factor: 1.0 }
    }
}

/// E‖θ‖² compared with log ρ(Q), a typical ‖θ‖² with 2λ, and a plain average.
pub fn second_moment(folder: &Path) -> Result<(Chart, String), FiguresError> {
    let [blue, vermilion, ..] = OKABE_ITO;
    let quantities = [
        Quantity::line("E|*θ*|²: log *ρ*(*Q*)", "moment_theory", blue, Dash::Solid),
        Quantity::points("population", "moment_simulated", "moment_error", blue, Marker::Circle),
        Quantity::points("plain average", "moment_naive", "", GREY, Marker::Cross),
        Quantity::line("typical |*θ*|²: 2*λ*", "twice_lyapunov", vermilion, Dash::Dashed),
        Quantity::points("median", "typical", "", vermilion, Marker::Diamond),
    ];
    let chart = chart(
        &folder.join("second_moment.csv"),
        &quantities,
        "Growth of the second moment and of a typical path around the mean-square threshold",
    )?;
    let notes = "Logarithm of the growth per step. The plain average is over the walks that the \
                 median is of; the population has as many particles.";
    Ok((chart, notes.to_owned()))
}

/// SGD with batch B and the mixture of Prop 7.
pub fn mixture(folder: &Path) -> Result<(Chart, String), FiguresError> {
    let [blue, vermilion, ..] = OKABE_ITO;
    let mut quantities = [
        Quantity::line("both: log *ρ*(*Q*)", "sgd_theory", BLACK, Dash::Solid),
        Quantity::points("SGD, E|*θ*|²", "sgd_simulated", "sgd_error", blue, Marker::HollowCircle),
        Quantity::points(
            "mixture, E|*θ*|²",
            "mixture_simulated",
            "mixture_error",
            vermilion,
            Marker::Cross,
        ),
        Quantity::line("SGD, 2*λ*", "sgd_lyapunov", blue, Dash::Dashed),
        Quantity::line("mixture, 2*λ*", "mixture_lyapunov", vermilion, Dash::Dotted),
    ];
    quantities[3].factor = 2.0;
    quantities[4].factor = 2.0;
    let chart = chart(
        &folder.join("mixture.csv"),
        &quantities,
        "SGD and the mixture of single samples and full batches share the second moment",
    )?;
    Ok((chart, "Logarithm of the growth per step; bars: two standard errors.".to_owned()))
}

/// One row of the CSV: the value and error of every quantity.
struct Measurement {
    batch_size: f64,
    fraction: f64,
    cells: Vec<Option<(f64, f64)>>,
}

/// One panel per batch size.
fn chart(path: &Path, quantities: &[Quantity], title: &str) -> Result<Chart, FiguresError> {
    let rows = Table::open(path)?.rows(|row| {
        let cell = |quantity: &Quantity| -> Result<Option<(f64, f64)>, TableError> {
            let error = row.signed(quantity.error)?.unwrap_or(0.0);
            let value = row.signed(quantity.column)?;
            Ok(value.map(|value| (quantity.factor * value, error)))
        };
        let cells = quantities.iter().map(cell).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, FiguresError>(Measurement {
            batch_size: row.positive("batch_size")?,
            fraction: row.positive("fraction")?,
            cells,
        })
    })?;
    let panel = |(size, rows): (f64, Vec<Measurement>)| {
        let curve_of = |(k, quantity): (usize, &Quantity)| -> Curve {
            let point = |row: &Measurement| {
                row.cells[k].map(|(y, error)| Point::with_error(row.fraction, y, error))
            };
            Curve::new(quantity.label, quantity.style, rows.iter().filter_map(point).collect())
        };
        Panel {
            title: format!("*B* = {size}"),
            curves: quantities.iter().enumerate().map(curve_of).collect(),
            lines: vec![ReferenceLine::horizontal("", Style::line(GREY, Dash::Solid), 0.0)],
            ..Panel::default()
        }
    };
    Ok(Chart {
        title: title.to_owned(),
        x: Axis::new(ScaleKind::Linear, "step size *η*/*η*_{var}"),
        y: Axis::new(ScaleKind::Linear, "growth per step"),
        panels: group_by(rows, |row| row.batch_size).into_iter().map(panel).collect(),
    })
}
