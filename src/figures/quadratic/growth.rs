//! Growth rates around the mean-square threshold: of E‖θ‖² and of a typical ‖θ‖².

use std::path::Path;

use super::{curve, grouped, rows};
use crate::figures::{
    FiguresError,
    chart::{Axis, Chart, Curve, Panel, PowerLine},
    scale::Kind,
    style::{BLACK, Colour, DISTINCT, Dash, GREY, Marker, Style},
};
use crate::table::TableError;

/// One quantity against η/η*_var.
struct Quantity {
    label: &'static str,
    style: Style,
    column: &'static str,
    /// Standard error, if the file has one.
    error: &'static str,
    /// λ is drawn as the rate of ‖θ‖², 2λ.
    factor: f64,
}

impl Quantity {
    fn line(label: &'static str, column: &'static str, colour: Colour, dash: Dash) -> Self {
        let style = Style::reference(colour, dash);
        Self { label, style, column, error: "", factor: 1.0 }
    }

    fn points(
        label: &'static str,
        column: &'static str,
        error: &'static str,
        colour: Colour,
        marker: Marker,
    ) -> Self {
        let style = Style { marker: Some(marker), ..Style::reference(colour, Dash::None) };
        Self { label, style, column, error, factor: 1.0 }
    }
}

/// E‖θ‖² against log ρ(Q), a typical ‖θ‖² against 2λ, and what a plain average says.
pub fn second_moment(folder: &Path) -> Result<(Chart, String), FiguresError> {
    let [blue, vermilion, ..] = DISTINCT;
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
    let [blue, vermilion, ..] = DISTINCT;
    let mut quantities = [
        Quantity::line("both: log *ρ*(*Q*)", "sgd_theory", BLACK, Dash::Solid),
        Quantity::points("SGD, E|*θ*|²", "sgd_simulated", "sgd_error", blue, Marker::Ring),
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

/// One row of the file: the value and error of every quantity.
struct Measured {
    batch_size: f64,
    fraction: f64,
    cells: Vec<Option<(f64, f64)>>,
}

/// One panel per batch size.
fn chart(path: &Path, quantities: &[Quantity], title: &str) -> Result<Chart, FiguresError> {
    let read = rows(path.to_owned(), |row| {
        let cell = |quantity: &Quantity| -> Result<Option<(f64, f64)>, TableError> {
            let error = row.signed(quantity.error)?.unwrap_or(0.0);
            let value = row.signed(quantity.column)?;
            Ok(value.map(|value| (quantity.factor * value, error)))
        };
        let cells = quantities.iter().map(cell).collect::<Result<Vec<_>, _>>()?;
        Ok(Measured {
            batch_size: row.positive("batch_size")?,
            fraction: row.positive("fraction")?,
            cells,
        })
    })?;
    let panel = |(size, rows): (f64, Vec<Measured>)| {
        let curve_of = |(k, quantity): (usize, &Quantity)| -> Curve {
            curve(quantity.label, quantity.style, &rows, |row| {
                row.cells[k].map(|(y, error)| (row.fraction, y, error))
            })
        };
        Panel {
            title: format!("*B* = {size}"),
            curves: quantities.iter().enumerate().map(curve_of).collect(),
            lines: vec![threshold()],
            ..Panel::default()
        }
    };
    Ok(Chart {
        title: title.to_owned(),
        x: Axis::new(Kind::Linear, "step size *η*/*η*_{var}"),
        y: Axis::new(Kind::Linear, "growth per step"),
        panels: grouped(read, |row| row.batch_size).into_iter().map(panel).collect(),
    })
}

/// No growth.
fn threshold() -> PowerLine {
    PowerLine {
        label: String::new(),
        style: Style::reference(GREY, Dash::Solid),
        factor: 0.0,
        exponent: 0,
    }
}
