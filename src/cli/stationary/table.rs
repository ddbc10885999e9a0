//! `stationary.csv`, one line per batch size and step size, and the table that is printed.

use etastar::stationary::{Mean, Prediction, Row};
use etastar::text::number;
use serde::Serialize;

use crate::cli::text_table::table_with_header;

/// One batch size and step size: what Corollary 13 predicts, with the true Hessian of every sample, and
/// what was measured on the network. A `…_measured` is the mean over the second half of all chains, its
/// `…_error` the standard error over the chains. Where `…_theory` is empty, no stationary state was
/// found (η is too near η*_var); where `…_measured` and `…_error` are, one of the chains diverged.
#[derive(Serialize)]
struct Line {
    /// B, in samples.
    batch_size: usize,
    /// η, per step.
    learning_rate: f64,
    /// η*_var of this batch size at the minimum, for independent batches of distinct samples.
    eta_var: f64,
    /// `uniform`: independent batches; `epoch`: shuffled epochs.
    sampling: &'static str,
    /// E L − L*, the loss of all samples above that of the minimum; 0 for the full batch, which has
    /// no noise.
    loss_gap_theory: Option<f64>,
    loss_gap_measured: Option<f64>,
    loss_gap_error: Option<f64>,
    /// E‖P(θ − θ*)‖²: a squared distance, in the range of the Hessian alone.
    distance_theory: Option<f64>,
    distance_measured: Option<f64>,
    distance_error: Option<f64>,
    /// E‖∇L‖².
    gradient_squared_theory: Option<f64>,
    gradient_squared_measured: Option<f64>,
    gradient_squared_error: Option<f64>,
    /// (1/n) Σ‖g_i‖² along the chains, in units of its value at the minimum: 1 in the theory.
    noise_measured: Option<f64>,
    noise_error: Option<f64>,
    /// Part, 0 to 1, of the theory's value that has not built up after the first half of a chain, from the
    /// quantity of which most is missing; empty where there is no gap.
    unsettled: Option<f64>,
    /// That of each quantity.
    loss_gap_unsettled: Option<f64>,
    distance_unsettled: Option<f64>,
    gradient_squared_unsettled: Option<f64>,
}

/// `stationary.csv`.
pub fn to_csv(rows: &[Row], sampling: &'static str) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(line(row, sampling))?;
    }
    Ok(writer.into_inner()?)
}

fn line(row: &Row, sampling: &'static str) -> Line {
    let (theory, measured) = (row.theory, row.measured);
    let value = |mean: Option<Mean>| mean.map(|mean| mean.value);
    let error = |mean: Option<Mean>| mean.map(|mean| mean.error);
    let [loss_gap, distance, gradient, noise] = [
        measured.map(|found| found.loss_gap),
        measured.map(|found| found.distance),
        measured.map(|found| found.gradient_squared),
        measured.map(|found| found.noise),
    ];
    Line {
        batch_size: row.point.batch_size,
        learning_rate: row.point.learning_rate,
        eta_var: row.point.eta_var,
        sampling,
        loss_gap_theory: theory.map(|found| found.loss_gap),
        loss_gap_measured: value(loss_gap),
        loss_gap_error: error(loss_gap),
        distance_theory: theory.map(|found| found.distance),
        distance_measured: value(distance),
        distance_error: error(distance),
        gradient_squared_theory: theory.map(|found| found.gradient_squared),
        gradient_squared_measured: value(gradient),
        gradient_squared_error: error(gradient),
        noise_measured: value(noise),
        noise_error: error(noise),
        unsettled: theory.and_then(|found| found.unsettled),
        loss_gap_unsettled: theory.and_then(|found| found.loss_gap_unsettled),
        distance_unsettled: theory.and_then(|found| found.distance_unsettled),
        gradient_squared_unsettled: theory.and_then(|found| found.gradient_squared_unsettled),
    }
}

/// The printed table.
pub fn to_text(rows: &[Row]) -> String {
    let header = ["B", "η", "η/η*_var", "L − L*: theory", "measured", "±", "ratio", "noise"];
    let row = |row: &Row| {
        let theory = row.theory.map(|found| found.loss_gap);
        let measured = row.measured.map(|found| found.loss_gap);
        let ratio = theory
            .zip(measured)
            .filter(|(theory, _)| *theory > 0.0)
            .map(|(theory, found)| found.value / theory);
        let text = |value: Option<f64>, none: &str| value.map_or(none.to_owned(), number);
        vec![
            row.point.batch_size.to_string(),
            number(row.point.learning_rate),
            number(row.point.learning_rate / row.point.eta_var),
            text(theory, "unstable"),
            text(measured.map(|mean| mean.value), "diverged"),
            text(measured.map(|mean| mean.error), ""),
            text(ratio, ""),
            text(row.measured.map(|found| found.noise.value), ""),
        ]
    };
    table_with_header(header, rows.iter().map(row)) + LEGEND + &unsettled_note(rows)
}

const LEGEND: &str = "
η*_var   largest step size stable in mean square, with independent batches
L − L*   mean loss above that of the minimum: by Corollary 13 of Mulayoff and
         Michaeli (2024), and measured, ± one standard error over the chains
ratio    measured over theory
noise    gradient noise of the chains over that at the minimum: 1 in the theory
";

/// Parts of the theory's values below this are not worth a note.
const SETTLED: f64 = 0.01;

/// What half a chain is too short for; empty where it is long enough.
fn unsettled_note(rows: &[Row]) -> String {
    let most = |of: fn(&Prediction) -> Option<f64>| {
        rows.iter().filter_map(|row| row.theory.as_ref().and_then(of)).fold(0.0, f64::max)
    };
    let parts = [
        ("the distance", most(|found| found.distance_unsettled)),
        ("the loss gap", most(|found| found.loss_gap_unsettled)),
        ("the gradient", most(|found| found.gradient_squared_unsettled)),
    ];
    let named: Vec<String> = parts
        .into_iter()
        .filter(|(_, part)| *part > SETTLED)
        .map(|(name, part)| format!("{:.0}% of {name}", 100.0 * part))
        .collect();
    if named.is_empty() {
        return String::new();
    }
    format!(
        "Half a chain is too short: of the theory's values, up to\n{}\nare missing. Take more \
         --steps.\n",
        named.join(", ")
    )
}
