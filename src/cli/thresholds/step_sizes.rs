//! `--learning-rates`: on which side of the thresholds these step sizes are.

use etastar::optimizer::Optimizer;
use etastar::stability::almost_sure::ExponentAt;
use etastar::stability::side::Side;
use etastar::stability::thresholds::{Report, Threshold};
use etastar::text::number;
use serde::Serialize;

use super::lyapunov;
use super::shuffled_epochs;
use crate::cli::text_table::table;

/// The verdicts at one batch size.
#[derive(Serialize)]
pub struct Found {
    #[serde(skip)]
    batch_size: usize,
    verdicts: Vec<Verdict>,
}

/// Whether a step size is stable in each sense; a sense that was not computed is left out.
#[derive(Serialize)]
struct Verdict {
    learning_rate: f64,
    /// η/η*_var.
    ratio_mean_square: Option<f64>,
    mean_square: Option<Side>,
    almost_surely: Option<Side>,
    mean: Side,
    #[serde(skip)]
    exponent: Option<ExponentAt>,
}

/// The verdicts on `rates` at every batch size of `report`. With `epochs` and `lyapunov` they are those of
/// the process that was simulated.
pub fn judge(
    rates: &[f64],
    report: &Report,
    epochs: Option<&[shuffled_epochs::Found]>,
    lyapunov: Option<&[lyapunov::Found]>,
) -> Vec<Found> {
    let judge = |(k, threshold): (usize, &Threshold)| {
        // η*_var and the side of a step size.
        let mean_square = |rate: f64| match epochs {
            None => Some((threshold.eta_var, proved_side(report.optimizer, threshold, rate))),
            Some(found) => found[k].threshold().map(|edge| (edge.value, edge.side(rate))),
        };
        let exponents = lyapunov.map(|found| found[k].exponents());
        let verdict = |(j, &learning_rate): (usize, &f64)| {
            let exponent = exponents.map(|all| all[j].clone());
            let mean_square = mean_square(learning_rate);
            Verdict {
                learning_rate,
                ratio_mean_square: mean_square.map(|(edge, _)| learning_rate / edge),
                mean_square: mean_square.map(|(_, side)| side),
                almost_surely: exponent.as_ref().map(side),
                mean: Side::of_step_size(learning_rate, threshold.eta_mean, threshold.eta_mean),
                exponent,
            }
        };
        let verdicts = rates.iter().enumerate().map(verdict).collect();
        Found { batch_size: threshold.batch_size, verdicts }
    };
    report.thresholds.iter().enumerate().map(judge).collect()
}

/// The side of `step_size` by the proved interval of η*_var.
fn proved_side(optimizer: Optimizer, threshold: &Threshold, step_size: f64) -> Side {
    let enclosure = threshold.generalized_sharpness;
    let edge = |sharpness: f64| optimizer.rule().eta_var(sharpness);
    Side::of_step_size(step_size, edge(enclosure.upper), edge(enclosure.lower))
}

fn side(at: &ExponentAt) -> Side {
    let found = at.exponent;
    if found.undecided || !found.settled {
        Side::Undecided
    } else {
        Side::of_exponent(found.low, found.high)
    }
}

const SENSES: &str = "\
mean square  stable if E‖θ‖² of linearised SGD goes to 0: η below η*_var
full batch   stable if η is below η*_mean
";

const EXPONENTS: &str = "\
exponent     Lyapunov exponent of linearised SGD per step; ±: half its interval
             (of shuffled epochs with --shuffle, as η*_var is): stable below 0
";

/// The verdicts as a table with its legend.
pub fn to_text(all: &[Found]) -> String {
    let with_exponents = all.iter().flat_map(|found| &found.verdicts).any(|v| v.exponent.is_some());
    let mut header = vec!["B", "η", "η/η*_var", "mean square", "full batch"];
    if with_exponents {
        header.extend(["exponent", "±", "almost surely"]);
    }
    let mut rows = vec![header.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    let mut warnings = Vec::new();
    for found in all {
        for (k, verdict) in found.verdicts.iter().enumerate() {
            let size = if k == 0 { found.batch_size.to_string() } else { String::new() };
            rows.push([vec![size], cells(verdict)].concat());
            let rate = number(verdict.learning_rate);
            let violations = verdict.exponent.iter().flat_map(|at| &at.violations);
            warnings.extend(violations.map(|v| format!("not regular at η = {rate}: {v}\n")));
        }
    }
    warnings.dedup();
    let exponents = if with_exponents { EXPONENTS } else { "" };
    format!("\n{}\n{SENSES}{exponents}{}", table(&rows), warnings.concat())
}

fn cells(verdict: &Verdict) -> Vec<String> {
    let word = |side: Option<Side>| side.map_or("–", Side::name).to_owned();
    let mut cells = vec![
        number(verdict.learning_rate),
        verdict.ratio_mean_square.map_or("–".to_owned(), number),
        word(verdict.mean_square),
        word(Some(verdict.mean)),
    ];
    if let Some(at) = &verdict.exponent {
        let found = at.exponent;
        cells.extend([number(found.value), format!("{:.0e}", (found.high - found.low) / 2.0)]);
        cells.push(if found.settled {
            word(verdict.almost_surely)
        } else {
            "not settled".to_owned()
        });
    }
    cells
}
