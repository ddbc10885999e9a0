//! The experiments: each measures problems by simulation beside the theories, and returns tables.

mod grid;
mod mixture;
mod momentum_diagram;
mod phase_diagram;
mod second_moment;
mod stationary;

use super::error::QuadraticError;
use super::problem::Problem;
use super::progress::Progress;
use super::settings::{Experiment, QuadraticConfig};
use super::table::CsvTable;
use crate::memory::{NotEnoughMemory, check_thresholds};
use grid::GridExperiment;

/// The name of every table that some experiment makes.
pub(super) const TABLES: [&str; 7] = [
    phase_diagram::DIAGRAM,
    phase_diagram::BOUNDARIES,
    second_moment::TABLE,
    mixture::TABLE,
    stationary::TABLE,
    momentum_diagram::DIAGRAM,
    momentum_diagram::BOUNDARIES,
];

/// Runs the configured experiment. Nothing is written; the tables are returned.
///
/// # Errors
/// [`QuadraticError`].
pub fn run(
    config: &QuadraticConfig,
    progress: &Progress<'_>,
) -> Result<Vec<CsvTable>, QuadraticError> {
    check_memory(config)?;
    let (sgd, seed) = (&config.sgd, config.seed);
    let on_grid = || -> Result<GridExperiment<'_>, QuadraticError> {
        let problem = Problem::build(&config.problem, config.gradients.as_ref())?;
        GridExperiment::new(problem, sgd, seed, progress)
    };
    match &config.experiment {
        Experiment::PhaseDiagram(phase) => phase_diagram::run(phase, sgd, seed, progress),
        Experiment::SecondMoment(growth) => second_moment::run(&on_grid()?, growth),
        Experiment::Mixture(growth) => mixture::run(&on_grid()?, growth),
        Experiment::Stationary(stationary) => stationary::run(&on_grid()?, stationary),
        Experiment::MomentumDiagram(diagram) => {
            let problem = Problem::build(&config.problem, None)?;
            momentum_diagram::run(&problem, diagram, sgd, seed, progress)
        }
    }
}

/// Refuses matrices that would not fit into memory, before any is made; that of a file is checked when
/// it is read.
fn check_memory(config: &QuadraticConfig) -> Result<(), NotEnoughMemory> {
    if let Some(samples) = config.experiment.samples() {
        return check_thresholds(samples);
    }
    let problem = &config.problem;
    problem.kind.samples().map_or(Ok(()), |samples| {
        let rows = samples.saturating_mul(problem.outputs);
        check_thresholds(rows.max(problem.dimension.unwrap_or(0)))
    })
}
