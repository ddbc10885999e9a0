//! SGD around a regular minimum with g_i ≠ 0, against \[M\] Thm 12 and Cor 13; weight decay pulls to the minimum.

use faer::Mat;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::super::error::QuadraticError;
use super::super::settings::StationaryConfig;
use super::super::simulation::{PreparedProblem, StepBuffers};
use super::super::table::{Cell, CsvTable};
use super::grid::{GridExperiment, GridPoint};
use crate::optimizer::State;
use crate::process::Batches;
use crate::stability::second_moment::stationary::stationary;
use crate::statistics::Mean;

/// The table's name.
pub const TABLE: &str = "stationary";

/// Each quantity by theory, by simulation, and the simulation's standard error; `null_growth` is
/// E‖θ_t − θ_0‖² in the null space of H per step, empty where H has none and with weight decay.
const COLUMNS: [&str; 15] = [
    "batch_size",
    "learning_rate",
    "fraction",
    "distance_theory",
    "distance_simulated",
    "distance_error",
    "loss_gap_theory",
    "loss_gap_simulated",
    "loss_gap_error",
    "gradient_squared_theory",
    "gradient_squared_simulated",
    "gradient_squared_error",
    "null_growth_theory",
    "null_growth_simulated",
    "null_growth_error",
];

/// Measures the stationary state on the grid.
pub fn run(
    experiment: &GridExperiment<'_>,
    config: &StationaryConfig,
) -> Result<Vec<CsvTable>, QuadraticError> {
    let problem = &experiment.prepared;
    let (samples, dimension) = (problem.steps.samples(), problem.steps.dimension());
    let none = || Mat::zeros(samples, dimension);
    let gradients = experiment.gradients.clone().unwrap_or_else(none);
    let rows = experiment.rows(&config.fractions, |point| {
        let coefficients = point.process.coefficients(samples)?;
        let theory =
            stationary(&problem.moments, gradients.as_ref(), coefficients, point.step_size)?;
        let measured = simulate(problem, point, config)?;
        let expected =
            [theory.distance, theory.loss_gap, theory.gradient_squared, theory.null_growth];
        let mut row: Vec<Cell> =
            vec![point.batch_size.into(), point.step_size.into(), point.fraction.into()];
        for (expected, measured) in expected.into_iter().zip(measured) {
            row.extend([expected, measured.value, measured.error].map(Cell::from));
        }
        if problem.moments.eigenvalues().len() == dimension {
            let null_growth = row.len() - 3;
            row[null_growth..].fill(Cell::Empty);
        }
        Ok(row)
    })?;
    Ok(vec![CsvTable { name: TABLE, columns: &COLUMNS, rows }])
}

/// Distance, loss gap, squared gradient and growth in the null space: the mean over chains of
/// their averages over time.
fn simulate(
    problem: &PreparedProblem,
    point: &GridPoint,
    config: &StationaryConfig,
) -> Result<[Mean; 4], QuadraticError> {
    let batches = Batches::new(point.process, problem.steps.samples())?;
    let chains: Vec<[f64; 4]> = (0..config.chains as u64)
        .into_par_iter()
        .map(|number| {
            let mut rng = ChaCha8Rng::seed_from_u64(point.seed);
            rng.set_stream(number);
            chain(problem, batches.clone(), point.step_size, config.steps, rng)
        })
        .collect();
    let mean = |k: usize| Mean::of(&chains.iter().map(|chain| chain[k]).collect::<Vec<_>>());
    Ok([mean(0), mean(1), mean(2), mean(3)])
}

fn chain(
    problem: &PreparedProblem,
    mut batches: Batches,
    step_size: f64,
    steps: u64,
    mut rng: ChaCha8Rng,
) -> [f64; 4] {
    let mut buffers = StepBuffers::default();
    let mut theta = State::at(vec![0.0; problem.steps.dimension()]);
    let mut advance = |theta: &mut State| {
        problem.steps.step(theta, batches.draw(&mut rng), step_size, &mut buffers);
    };
    (0..steps / 2).for_each(|_| advance(&mut theta));
    let (mut sums, mut null_growth, mut start) = ([0.0; 3], 0.0, theta.clone());
    let measured = steps.div_ceil(MEASURE_EVERY);
    let memory = problem.steps.optimizer().rule().linear_step(step_size).memory();
    for measurement in 1..=measured {
        (0..MEASURE_EVERY).for_each(|_| advance(&mut theta));
        let now = in_range(problem, theta.position());
        sums.iter_mut().zip(now).for_each(|(sum, now)| *sum += now);
        if measurement % (NULL_SPACE_INTERVAL * memory) == 0 || measurement == measured {
            let pairs = theta.position().iter().zip(start.position());
            let moved = State::at(pairs.map(|(now, then)| now - then).collect());
            let in_range = in_range(problem, moved.position())[0];
            null_growth += (moved.squared_norm() - in_range).max(0.0);
            start.copy_from(&theta);
        }
    }
    let [distance, loss_gap, gradient] = sums.map(|sum| sum / measured as f64);
    [distance, loss_gap, gradient, null_growth / (measured * MEASURE_EVERY) as f64]
}

/// Steps between measurements, which cost as much as many steps and hardly differ from one to the
/// next.
const MEASURE_EVERY: u64 = 10;
/// Measurements over which the random walk in the null space is left to move on, times the memory of a velocity.
const NULL_SPACE_INTERVAL: u64 = 100;

/// ‖Pθ‖², ½ θᵀHθ and ‖Hθ‖² with P the projection on the range of H. With weight decay P = I, and H has the
/// penalty's c on its diagonal.
fn in_range(problem: &PreparedProblem, theta: &[f64]) -> [f64; 3] {
    let (basis, values) = (problem.moments.basis(), problem.moments.eigenvalues());
    let penalty = problem.moments.optimizer().rule().penalty();
    let mut sums = [0.0; 3];
    for (column, value) in basis.col_iter().zip(values) {
        let value = value + penalty;
        let along: f64 = column.iter().zip(theta).map(|(u, x)| u * x).sum();
        let square = along * along;
        let terms = [square, value / 2.0 * square, value * value * square];
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }
    sums
}
