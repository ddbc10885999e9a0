//! \[M\] Prop 7: SGD with batch B and the mixture of single samples and full batches share the
//! second moment and so the threshold, though not the typical path.

use super::super::error::QuadraticError;
use super::super::settings::GrowthConfig;
use super::super::table::{Cell, CsvTable};
use super::grid::GridExperiment;
use crate::process::BatchProcess;

/// The table's name.
pub const TABLE: &str = "mixture";

/// `*_theory` is log ρ(Q(η)), `*_simulated` the measured log growth of E‖θ‖² per step, with its
/// standard error; `*_lyapunov` is λ. An empty cell is −∞, as in `second_moment`.
const COLUMNS: [&str; 12] = [
    "batch_size",
    "single_probability",
    "learning_rate",
    "fraction",
    "sgd_theory",
    "sgd_simulated",
    "sgd_error",
    "sgd_lyapunov",
    "mixture_theory",
    "mixture_simulated",
    "mixture_error",
    "mixture_lyapunov",
];

/// Measures SGD and its mixture on the grid.
pub fn run(
    experiment: &GridExperiment<'_>,
    config: &GrowthConfig,
) -> Result<Vec<CsvTable>, QuadraticError> {
    let problem = &experiment.prepared;
    let samples = problem.steps.samples();
    let rows = experiment.rows(&config.fractions, |point| {
        let (step_size, seed) = (point.step_size, point.seed);
        let mixture = BatchProcess::equivalent_mixture(samples, point.batch_size)?;
        let single = mixture.coefficients(samples)?.beta;
        let mut row: Vec<Cell> =
            vec![point.batch_size.into(), single.into(), step_size.into(), point.fraction.into()];
        for process in [point.process, mixture] {
            let growth = problem.population_growth(process, step_size, config, seed)?;
            let exponent = problem.lyapunov(process, step_size, seed)?;
            row.push(problem.log_radius(process, step_size)?.into());
            row.extend([growth.value, growth.error, exponent.value].map(Cell::from));
        }
        Ok(row)
    })?;
    Ok(vec![CsvTable { name: TABLE, columns: &COLUMNS, rows }])
}
