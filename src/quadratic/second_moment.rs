//! E‖θ‖² against ρ(Q(η)) and typical ‖θ‖ against λ, for step sizes around η*_var.

use super::{
    Progress,
    config::{GrowthConfig, SgdConfig},
    error::QuadraticError,
    growth::{Subject, naive_average, over_grid, point_seed},
    problem::Problem,
    table::{Cell, CsvTable},
};
use crate::process::BatchProcess;

/// All rates are logarithms per step: of E‖θ‖² (`moment_*`), of ‖θ‖² (`typical`, the median of
/// plain walks) and 2λ (`twice_lyapunov*`). `moment_naive` averages the same plain walks.
/// An empty cell is −∞: every path, of one population at least, or the median walk, has ended in 0,
/// as happens where single batches take θ there; `moment_error` is empty with `moment_simulated`.
const COLUMNS: [&str; 11] = [
    "batch_size",
    "learning_rate",
    "fraction",
    "moment_theory",
    "moment_simulated",
    "moment_error",
    "moment_naive",
    "typical",
    "twice_lyapunov",
    "twice_lyapunov_low",
    "twice_lyapunov_high",
];

/// `second_moment`.
pub fn run(
    problem: Problem,
    config: &GrowthConfig,
    sgd: &SgdConfig,
    seed: u64,
    progress: &Progress<'_>,
) -> Result<Vec<CsvTable>, QuadraticError> {
    let subject = Subject::new(problem)?;
    let thresholds = subject.eta_var(sgd.sampling, &sgd.batch_size)?;
    let rows =
        over_grid(&sgd.batch_size, &config.fractions, progress, |index, fraction, point| {
            let batch_size = sgd.batch_size[index];
            let process = BatchProcess::independent(sgd.sampling, batch_size);
            let (step_size, seed) = (fraction * thresholds[index], point_seed(seed, point));
            let moment = subject.population_growth(process, step_size, config, seed)?;
            let plain = subject.plain_growth(process, step_size, config, seed)?;
            let exponent = subject.lyapunov(process, step_size, seed)?;
            Ok::<Vec<Cell>, QuadraticError>(vec![
                batch_size.into(),
                step_size.into(),
                fraction.into(),
                subject.log_radius(process, step_size)?.into(),
                moment.value.into(),
                moment.error.into(),
                naive_average(&plain, config.steps).into(),
                plain[plain.len() / 2].into(),
                (2.0 * exponent.value).into(),
                (2.0 * exponent.low).into(),
                (2.0 * exponent.high).into(),
            ])
        })?;
    Ok(vec![CsvTable { name: "second_moment", columns: &COLUMNS, rows }])
}
