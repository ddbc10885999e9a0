//! \[M\] Prop 7: SGD with batch B and the mixture of single samples and full batches share the
//! second moment and so the threshold, though not the typical path.

use super::{
    Progress,
    config::{GrowthConfig, SgdConfig},
    error::QuadraticError,
    growth::{Subject, over_grid, point_seed},
    problem::Problem,
    table::{Cell, CsvTable},
};
use crate::process::{BatchProcess, Sampling};

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

/// `mixture`.
pub fn run(
    problem: Problem,
    config: &GrowthConfig,
    sgd: &SgdConfig,
    seed: u64,
    progress: &Progress<'_>,
) -> Result<Vec<CsvTable>, QuadraticError> {
    let subject = Subject::new(problem)?;
    let samples = subject.steps.samples();
    let thresholds = subject.eta_var(Sampling::Distinct, &sgd.batch_size)?;
    let rows =
        over_grid(&sgd.batch_size, &config.fractions, progress, |index, fraction, point| {
            let batch_size = sgd.batch_size[index];
            let (step_size, seed) = (fraction * thresholds[index], point_seed(seed, point));
            let mixture = BatchProcess::equivalent_mixture(samples, batch_size)?;
            let single = mixture.coefficients(samples)?.beta;
            let mut row: Vec<Cell> =
                vec![batch_size.into(), single.into(), step_size.into(), fraction.into()];
            for process in [BatchProcess::independent(Sampling::Distinct, batch_size), mixture] {
                let growth = subject.population_growth(process, step_size, config, seed)?;
                let exponent = subject.lyapunov(process, step_size, seed)?;
                row.push(subject.log_radius(process, step_size)?.into());
                row.extend([growth.value, growth.error, exponent.value].map(Cell::from));
            }
            Ok(row)
        })?;
    Ok(vec![CsvTable { name: "mixture", columns: &COLUMNS, rows }])
}
