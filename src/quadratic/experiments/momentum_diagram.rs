//! Where E‖θ‖² of SGD with momentum grows over (B, m), beside the exact mean-square threshold.

use super::super::error::QuadraticError;
use super::super::problem::Problem;
use super::super::progress::Progress;
use super::super::settings::{GrowthConfig, MomentumConfig, SgdConfig};
use super::super::simulation::PreparedProblem;
use super::super::table::{Cell, CsvTable};
use super::grid::point_seed;
use crate::config::OptimizerKeys;
use crate::process::BatchProcess;
use crate::statistics::Mean;

/// Name of the table of all cells.
pub const DIAGRAM: &str = "momentum_diagram";
/// Name of the table of the boundaries.
pub const BOUNDARIES: &str = "momentum_boundaries";

/// One row per (η/(1 − m), m, B). Rates are logarithms per step of E‖(θ, u)‖²: log ρ of the exact operator, and the
/// mean over the populations with its standard error.
const CELLS: [&str; 12] = [
    "effective_learning_rate",
    "momentum",
    "learning_rate",
    "batch_size",
    "eta_mean",
    "eta_var",
    "mean_square_unstable",
    "moment_theory",
    "moment_simulated",
    "moment_error",
    "populations",
    "fraction_grew",
];

/// One row per (η/(1 − m), m): the smallest B of the grid from which all are stable in mean square, exactly and by
/// at least half of the populations, and the same of plain SGD with the step size η/(1 − m); each is empty where
/// there is none.
const LINES: [&str; 5] =
    ["effective_learning_rate", "momentum", "mean_square", "simulated", "plain_mean_square"];

struct DiagramCell {
    effective: f64,
    momentum: f64,
    step_size: f64,
    batch_size: usize,
    eta_mean: f64,
    eta_var: f64,
    /// η*_var of plain SGD.
    plain: f64,
    theory: f64,
    rates: Vec<f64>,
}

impl DiagramCell {
    fn grew(&self) -> f64 {
        let grew = self.rates.iter().filter(|rate| **rate > 0.0).count();
        grew as f64 / self.rates.len() as f64
    }

    fn row(&self) -> Vec<Cell> {
        let Mean { value, error } = Mean::of(&self.rates);
        vec![
            self.effective.into(),
            self.momentum.into(),
            self.step_size.into(),
            self.batch_size.into(),
            self.eta_mean.into(),
            self.eta_var.into(),
            (self.step_size > self.eta_var).into(),
            self.theory.into(),
            value.into(),
            error.into(),
            self.rates.len().into(),
            self.grew().into(),
        ]
    }
}

/// Simulates every cell, and finds the boundaries.
pub fn run(
    problem: &Problem,
    config: &MomentumConfig,
    sgd: &SgdConfig,
    seed: u64,
    progress: &Progress<'_>,
) -> Result<Vec<CsvTable>, QuadraticError> {
    let rates = config.effective_learning_rate.len();
    progress.begin(config.momentum.len() * rates * sgd.batch_size.len());
    let plain = prepare(problem, OptimizerKeys::default())?;
    let plain = plain.thresholds(sgd.sampling, &sgd.batch_size)?;
    let plain: Vec<f64> = plain.into_iter().map(|(_, eta_var)| eta_var).collect();
    let mut cells = Vec::new();
    for (row, &momentum) in config.momentum.iter().enumerate() {
        let prepared = prepare(problem, OptimizerKeys { momentum, ..sgd.optimizer })?;
        let row_seed = point_seed(seed, row);
        cells.extend(row_of(&prepared, momentum, config, sgd, row_seed, &plain, progress)?);
    }
    let order = |cell: &DiagramCell| (cell.effective, cell.momentum, cell.batch_size);
    cells.sort_by(|a, b| order(a).partial_cmp(&order(b)).unwrap_or(std::cmp::Ordering::Equal));
    let lines = cells.chunk_by(|a, b| (a.effective, a.momentum) == (b.effective, b.momentum));
    let lines = lines.map(line).collect();
    let cells = cells.iter().map(DiagramCell::row).collect();
    Ok(vec![
        CsvTable { name: DIAGRAM, columns: &CELLS, rows: cells },
        CsvTable { name: BOUNDARIES, columns: &LINES, rows: lines },
    ])
}

fn prepare(problem: &Problem, keys: OptimizerKeys) -> Result<PreparedProblem, QuadraticError> {
    // Settings that are no optimizer together were refused with the file.
    PreparedProblem::new(problem.clone(), keys.optimizer().unwrap_or_default())
}

/// Every step size and batch size at one momentum.
fn row_of(
    prepared: &PreparedProblem,
    momentum: f64,
    config: &MomentumConfig,
    sgd: &SgdConfig,
    seed: u64,
    plain: &[f64],
    progress: &Progress<'_>,
) -> Result<Vec<DiagramCell>, QuadraticError> {
    let thresholds = prepared.thresholds(sgd.sampling, &sgd.batch_size)?;
    let mut cells = Vec::new();
    for &effective in &config.effective_learning_rate {
        let step_size = effective * (1.0 - momentum);
        let memory = prepared.steps.optimizer().rule().linear_step(step_size).memory();
        let growth = GrowthConfig {
            fractions: Vec::new(),
            particles: config.particles,
            populations: config.populations,
            steps: config.steps * memory,
        };
        for (k, &batch_size) in sgd.batch_size.iter().enumerate() {
            let process = BatchProcess::independent(sgd.sampling, batch_size);
            let (eta_mean, eta_var) = thresholds[k];
            // Equal batches at all step sizes.
            let seed = point_seed(seed, k);
            cells.push(DiagramCell {
                effective,
                momentum,
                step_size,
                batch_size,
                eta_mean,
                eta_var,
                plain: plain[k],
                theory: prepared.log_radius(process, step_size)?,
                rates: prepared.population_rates(process, step_size, &growth, seed)?,
            });
            progress.advance();
        }
    }
    Ok(cells)
}

/// The boundaries among the batch sizes of one step size and momentum, ascending.
fn line(cells: &[DiagramCell]) -> Vec<Cell> {
    let smallest = |stable: &dyn Fn(&DiagramCell) -> bool| {
        let above = cells.iter().rev().take_while(|cell| stable(cell));
        above.last().map(|cell| cell.batch_size as f64)
    };
    vec![
        cells[0].effective.into(),
        cells[0].momentum.into(),
        smallest(&|cell| cell.step_size <= cell.eta_var).into(),
        smallest(&|cell| cell.grew() <= 0.5).into(),
        smallest(&|cell| cell.effective <= cell.plain).into(),
    ]
}
