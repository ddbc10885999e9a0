//! E‖θ‖² against ρ(Q(η)) and typical ‖θ‖ against λ, for step sizes around η*_var.

use super::super::error::QuadraticError;
use super::super::settings::GrowthConfig;
use super::super::simulation::mean_growth_of_walks;
use super::super::table::{Cell, CsvTable};
use super::grid::GridExperiment;

/// The table's name.
pub const TABLE: &str = "second_moment";

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

/// Measures growth rates on the grid.
pub fn run(
    experiment: &GridExperiment<'_>,
    config: &GrowthConfig,
) -> Result<Vec<CsvTable>, QuadraticError> {
    let problem = &experiment.prepared;
    let rows = experiment.rows(&config.fractions, |point| {
        let (process, step_size, seed) = (point.process, point.step_size, point.seed);
        let moment = problem.population_growth(process, step_size, config, seed)?;
        let walks = problem.plain_growth(process, step_size, config, seed)?;
        let exponent = problem.lyapunov(process, step_size, seed)?;
        Ok::<Vec<Cell>, QuadraticError>(vec![
            point.batch_size.into(),
            step_size.into(),
            point.fraction.into(),
            problem.log_radius(process, step_size)?.into(),
            moment.value.into(),
            moment.error.into(),
            mean_growth_of_walks(&walks, config.steps).into(),
            walks[walks.len() / 2].into(),
            (2.0 * exponent.value).into(),
            (2.0 * exponent.low).into(),
            (2.0 * exponent.high).into(),
        ])
    })?;
    Ok(vec![CsvTable { name: TABLE, columns: &COLUMNS, rows }])
}
