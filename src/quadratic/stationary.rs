//! SGD around a regular minimum with g_i ≠ 0, against \[M\] Thm 12 and Cor 13.

use faer::Mat;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{
    Progress,
    config::{SgdConfig, StationaryConfig},
    error::QuadraticError,
    growth::{Subject, over_grid, point_seed},
    problem::Problem,
    simulate::Scratch,
    table::{Cell, CsvTable},
};
use crate::optimizer::State;
use crate::process::{BatchProcess, Batches};
use crate::stability::second_moment::stationary::stationary;
use crate::statistics::Mean;

/// Each quantity by theory, by simulation, and the simulation's standard error; `null_growth` is
/// E‖θ_t − θ_0‖² in the null space of H per step, empty where H has none.
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

/// `stationary`.
pub fn run(
    problem: Problem,
    config: &StationaryConfig,
    sgd: &SgdConfig,
    seed: u64,
    progress: &Progress<'_>,
) -> Result<Vec<CsvTable>, QuadraticError> {
    let (samples, dimension) = (problem.samples(), problem.dimension());
    let gradients = problem.gradients.clone().unwrap_or_else(|| Mat::zeros(samples, dimension));
    let subject = Subject::new(problem)?;
    let thresholds = subject.eta_var(sgd.sampling, &sgd.batch_size)?;
    let rows =
        over_grid(&sgd.batch_size, &config.fractions, progress, |index, fraction, point| {
            let batch_size = sgd.batch_size[index];
            let process = BatchProcess::independent(sgd.sampling, batch_size);
            let step_size = fraction * thresholds[index];
            let coefficients = process.coefficients(samples)?;
            let theory = stationary(&subject.moments, gradients.as_ref(), coefficients, step_size)?;
            let seed = point_seed(seed, point);
            let measured = simulate(&subject, process, step_size, config, seed)?;
            let expected =
                [theory.distance, theory.loss_gap, theory.gradient_squared, theory.null_growth];
            let mut row: Vec<Cell> = vec![batch_size.into(), step_size.into(), fraction.into()];
            for (expected, measured) in expected.into_iter().zip(measured) {
                row.extend([expected, measured.value, measured.error].map(Cell::from));
            }
            if subject.moments.eigenvalues().len() == dimension {
                let null_growth = row.len() - 3;
                row[null_growth..].fill(Cell::Empty);
            }
            Ok(row)
        })?;
    Ok(vec![CsvTable { name: "stationary", columns: &COLUMNS, rows }])
}

/// Distance, loss gap, squared gradient and growth in the null space: the mean over chains of
/// their averages over time.
fn simulate(
    subject: &Subject,
    process: BatchProcess,
    step_size: f64,
    config: &StationaryConfig,
    seed: u64,
) -> Result<[Mean; 4], QuadraticError> {
    let batches = Batches::new(process, subject.steps.samples())?;
    let chains: Vec<[f64; 4]> = (0..config.chains as u64)
        .into_par_iter()
        .map(|number| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(number);
            chain(subject, batches.clone(), step_size, config.steps, rng)
        })
        .collect();
    let mean = |k: usize| Mean::of(&chains.iter().map(|chain| chain[k]).collect::<Vec<_>>());
    Ok([mean(0), mean(1), mean(2), mean(3)])
}

fn chain(
    subject: &Subject,
    mut batches: Batches,
    step_size: f64,
    steps: u64,
    mut rng: ChaCha8Rng,
) -> [f64; 4] {
    let mut scratch = Scratch::default();
    let mut theta = State::at(vec![0.0; subject.steps.dimension()]);
    let mut advance = |theta: &mut State| {
        subject.steps.step(theta, batches.draw(&mut rng), step_size, &mut scratch);
    };
    (0..steps / 2).for_each(|_| advance(&mut theta));
    let (mut sums, mut wandered, mut start) = ([0.0; 3], 0.0, theta.clone());
    let measured = steps.div_ceil(MEASURE_EVERY);
    for measurement in 1..=measured {
        (0..MEASURE_EVERY).for_each(|_| advance(&mut theta));
        let now = in_range(subject, theta.position());
        sums.iter_mut().zip(now).for_each(|(sum, now)| *sum += now);
        if measurement % WANDER == 0 || measurement == measured {
            let pairs = theta.position().iter().zip(start.position());
            let moved = State::at(pairs.map(|(now, then)| now - then).collect());
            let within = in_range(subject, moved.position())[0];
            wandered += (moved.squared_norm() - within).max(0.0);
            start.copy_from(&theta);
        }
    }
    let [distance, loss_gap, gradient] = sums.map(|sum| sum / measured as f64);
    [distance, loss_gap, gradient, wandered / (measured * MEASURE_EVERY) as f64]
}

/// Steps between measurements, which cost as much as many steps and hardly differ from one to the
/// next.
const MEASURE_EVERY: u64 = 10;
/// Measurements over which the random walk in the null space is given time to wander.
const WANDER: u64 = 100;

/// ‖Pθ‖², ½ θᵀHθ and ‖Hθ‖² with P the projection on the range of H.
fn in_range(subject: &Subject, theta: &[f64]) -> [f64; 3] {
    let (basis, values) = (subject.moments.basis(), subject.moments.eigenvalues());
    let mut sums = [0.0; 3];
    for (column, value) in basis.col_iter().zip(values) {
        let along: f64 = column.iter().zip(theta).map(|(u, x)| u * x).sum();
        let square = along * along;
        let terms = [square, value / 2.0 * square, value * value * square];
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }
    sums
}
