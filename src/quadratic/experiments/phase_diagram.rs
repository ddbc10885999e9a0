//! \[D\]'s phase diagram: where SGD diverges over (B, σ), beside every theory of it.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::super::error::QuadraticError;
use super::super::problem::{DexterFamily, Problem, dexter_rows};
use super::super::progress::Progress;
use super::super::settings::{PhaseConfig, SgdConfig};
use super::super::simulation::{StepBuffers, Steps, random_direction};
use super::super::table::{Cell, CsvTable};
use crate::optimizer::Optimizer;
use crate::process::{BatchProcess, Batches};
use crate::stability::{
    solver::SolverOptions,
    thresholds::{Request, thresholds},
};

/// Name of the table of all cells.
pub const DIAGRAM: &str = "phase_diagram";
/// Name of the table of the boundaries.
pub const BOUNDARIES: &str = "phase_boundaries";

/// One row per (η, B, σ). `lyapunov` is λ per step, empty where it is −∞: every coordinate has
/// batches that take it to 0 in one step (ηmN/B = 1 in `closed_form`), so that θ almost surely ends
/// there.
const CELLS: [&str; 11] = [
    "learning_rate",
    "batch_size",
    "coherence",
    "repeats",
    "diverged",
    "fraction_diverged",
    "theorem_1_diverges",
    "theorem_2_may_converge",
    "mean_square_unstable",
    "eta_var",
    "lyapunov",
];

/// One row per (η, B): the σ at which each theory puts the boundary. `mean_square_computed` and
/// `almost_sure` are the largest unstable σ of the grid by the solver of any Gram matrix and by
/// λ > 0, `simulated` the largest one at which at least half of the repeats diverged; each is empty
/// where no σ of the grid is unstable.
const LINES: [&str; 8] = [
    "learning_rate",
    "batch_size",
    "theorem_1",
    "theorem_2",
    "mean_square",
    "mean_square_computed",
    "almost_sure",
    "simulated",
];

struct PhaseCell {
    family: DexterFamily,
    coherence: usize,
    diverged: usize,
    eta_var: f64,
}

/// Simulates every cell, and finds the boundaries.
pub fn run(
    config: &PhaseConfig,
    sgd: &SgdConfig,
    seed: u64,
    progress: &Progress<'_>,
) -> Result<Vec<CsvTable>, QuadraticError> {
    let coherences: Vec<usize> = (1..=config.samples).step_by(config.coherence_step).collect();
    progress.begin(coherences.len());
    let cells: Vec<Vec<PhaseCell>> = coherences
        .par_iter()
        .map(|&coherence| {
            let cells = cells_at(config, sgd, seed, coherence)?;
            progress.advance();
            Ok::<_, QuadraticError>(cells)
        })
        .collect::<Result<_, _>>()?;
    let mut cells: Vec<PhaseCell> = cells.into_iter().flatten().collect();
    let key = |cell: &PhaseCell| (cell.family.step_size, cell.family.batch_size, cell.coherence);
    cells.sort_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal));
    let rows = cells.iter().map(|cell| row(cell, config.repeats)).collect::<Result<_, _>>()?;
    let lines = cells
        .chunk_by(|a, b| a.family == b.family)
        .map(|column| line(column, config.repeats))
        .collect::<Result<_, _>>()?;
    Ok(vec![
        CsvTable { name: DIAGRAM, columns: &CELLS, rows },
        CsvTable { name: BOUNDARIES, columns: &LINES, rows: lines },
    ])
}

/// Every η and B at one σ, which share the thresholds of one Gram matrix.
fn cells_at(
    config: &PhaseConfig,
    sgd: &SgdConfig,
    seed: u64,
    coherence: usize,
) -> Result<Vec<PhaseCell>, QuadraticError> {
    let rows = dexter_rows(config.samples, coherence);
    let problem = Problem { rows, outputs: 1, gradients: None };
    let request = Request {
        batch_sizes: sgd.batch_size.clone(),
        sampling: sgd.sampling,
        optimizer: Optimizer::default(),
        options: SolverOptions { tolerance: 1e-8, ..SolverOptions::default() },
    };
    let report = thresholds(&problem.gram()?, &request, &mut |_| {})?;
    let steps = Steps::new(&problem, Optimizer::default());
    let mut cells = Vec::new();
    for &step_size in &config.learning_rate {
        for threshold in &report.thresholds {
            let family = DexterFamily {
                samples: config.samples,
                batch_size: threshold.batch_size,
                sampling: sgd.sampling,
                step_size,
            };
            let diverged = diverged(&steps, family, config, seed)?;
            cells.push(PhaseCell { family, coherence, diverged, eta_var: threshold.eta_var });
        }
    }
    Ok(cells)
}

/// How many of the repeats leave the radius.
fn diverged(
    steps: &Steps,
    family: DexterFamily,
    config: &PhaseConfig,
    seed: u64,
) -> Result<usize, QuadraticError> {
    let process = BatchProcess::independent(family.sampling, family.batch_size);
    let mut batches = Batches::new(process, family.samples)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((family.batch_size as u64) << 32) | steps.dimension() as u64);
    let mut buffers = StepBuffers::default();
    let mut leaves = || {
        let mut theta = random_direction(steps.dimension(), &mut rng);
        (0..config.steps).any(|_| {
            let batch = batches.draw(&mut rng);
            steps.step(&mut theta, batch, family.step_size, &mut buffers);
            theta.squared_norm() > config.radius * config.radius
        })
    };
    Ok((0..config.repeats).filter(|_| leaves()).count())
}

fn row(cell: &PhaseCell, repeats: usize) -> Result<Vec<Cell>, QuadraticError> {
    let (family, sigma) = (cell.family, cell.coherence as f64);
    Ok(vec![
        family.step_size.into(),
        family.batch_size.into(),
        cell.coherence.into(),
        repeats.into(),
        cell.diverged.into(),
        (cell.diverged as f64 / repeats as f64).into(),
        (sigma < family.theorem_1()).into(),
        (sigma > family.theorem_2()).into(),
        (sigma < family.mean_square()?).into(),
        cell.eta_var.into(),
        family.lyapunov(cell.coherence).into(),
    ])
}

fn line(column: &[PhaseCell], repeats: usize) -> Result<Vec<Cell>, QuadraticError> {
    let family = column[0].family;
    let largest = |unstable: &dyn Fn(&PhaseCell) -> bool| {
        column.iter().rev().find(|cell| unstable(cell)).map(|cell| cell.coherence as f64)
    };
    Ok(vec![
        family.step_size.into(),
        family.batch_size.into(),
        family.theorem_1().into(),
        family.theorem_2().into(),
        family.mean_square()?.into(),
        largest(&|cell| family.step_size > cell.eta_var).into(),
        largest(&|cell| family.lyapunov(cell.coherence) > 0.0).into(),
        largest(&|cell| 2 * cell.diverged >= repeats).into(),
    ])
}
