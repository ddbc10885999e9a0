//! Growth rates of linearised SGD around the threshold: of E‖θ‖² and of a typical ‖θ‖.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{
    Progress,
    config::GrowthConfig,
    error::QuadraticError,
    population::Population,
    problem::Problem,
    simulate::{Scratch, Steps, normalise, random_direction},
};
use crate::optimizer::Optimizer;
use crate::process::{BatchProcess, Batches, Sampling};
use crate::stability::{
    almost_sure::{ExponentOptions, LyapunovExponent, lyapunov},
    linearised::GramFactor,
    second_moment::SecondMoment,
    solver::SolverOptions,
    thresholds::{Request, thresholds},
};
use crate::statistics::Mean;

/// What one experiment needs to know of a problem.
pub struct Subject {
    pub steps: Steps,
    pub moments: SecondMoment,
    pub factor: GramFactor,
    problem: Problem,
}

impl Subject {
    /// Prepares `problem`.
    pub fn new(problem: Problem) -> Result<Self, QuadraticError> {
        let gram = problem.gram()?;
        Ok(Self {
            steps: Steps::new(&problem),
            moments: SecondMoment::new(problem.rows.as_ref(), problem.outputs)?,
            factor: GramFactor::of(&gram)?,
            problem,
        })
    }

    /// η*_var for each batch size.
    pub fn eta_var(
        &self,
        sampling: Sampling,
        batch_sizes: &[usize],
    ) -> Result<Vec<f64>, QuadraticError> {
        let options = SolverOptions { tolerance: 1e-8, ..SolverOptions::default() };
        let request = Request {
            batch_sizes: batch_sizes.to_vec(),
            sampling,
            optimizer: Optimizer::default(),
            options,
        };
        let report = thresholds(&self.problem.gram()?, &request, &mut |_| {})?;
        Ok(report.thresholds.iter().map(|threshold| threshold.eta_var).collect())
    }

    /// log ρ(Q(η)), the rate at which E‖θ‖² grows.
    pub fn log_radius(&self, process: BatchProcess, step_size: f64) -> Result<f64, QuadraticError> {
        let coefficients = process.coefficients(self.steps.samples())?;
        Ok(self.moments.spectral_radius(coefficients, step_size).ln())
    }

    /// λ to 2%, or to what the draws allow.
    pub fn lyapunov(
        &self,
        process: BatchProcess,
        step_size: f64,
        seed: u64,
    ) -> Result<LyapunovExponent, QuadraticError> {
        let options = ExponentOptions { precision: 0.02, seed, ..ExponentOptions::default() };
        Ok(lyapunov(&self.factor, process, step_size, options)?)
    }

    /// Log growth of E‖θ‖² per step, by independent populations.
    pub fn population_growth(
        &self,
        process: BatchProcess,
        step_size: f64,
        config: &GrowthConfig,
        seed: u64,
    ) -> Result<Mean, QuadraticError> {
        let batches = Batches::new(process, self.steps.samples())?;
        let rates: Vec<f64> = (0..config.populations as u64)
            .into_par_iter()
            .map(|number| {
                let mut rng = generator(seed, number);
                let mut batches = batches.clone();
                let dimension = self.steps.dimension();
                let mut population = Population::new(config.particles, dimension, &mut rng);
                let mut advance =
                    || population.step(&self.steps, &mut batches, step_size, &mut rng);
                (0..config.steps).for_each(|_| {
                    advance();
                });
                (0..config.steps).map(|_| advance()).sum::<f64>() / config.steps as f64
            })
            .collect();
        Ok(Mean::of(&rates))
    }

    /// log(‖θ_t‖²/‖θ_0‖²)/t of plain walks of `config.steps` steps after as many of burn-in, as
    /// many as there are particles in all populations; ascending.
    pub fn plain_growth(
        &self,
        process: BatchProcess,
        step_size: f64,
        config: &GrowthConfig,
        seed: u64,
    ) -> Result<Vec<f64>, QuadraticError> {
        let batches = Batches::new(process, self.steps.samples())?;
        let mut rates: Vec<f64> = (0..config.populations as u64)
            .into_par_iter()
            .flat_map_iter(|number| {
                let mut rng = generator(!seed, number);
                let mut batches = batches.clone();
                let walk = move |_| self.walk(&mut batches, step_size, config.steps, &mut rng);
                (0..config.particles).map(walk)
            })
            .collect();
        rates.sort_by(f64::total_cmp);
        Ok(rates)
    }

    fn walk(&self, batches: &mut Batches, step_size: f64, steps: u64, rng: &mut ChaCha8Rng) -> f64 {
        let mut scratch = Scratch::default();
        let mut theta = random_direction(self.steps.dimension(), rng);
        let mut advance = || {
            self.steps.step(&mut theta, batches.draw(rng), step_size, &mut scratch);
            normalise(&mut theta).ln()
        };
        (0..steps).for_each(|_| {
            advance();
        });
        (0..steps).map(|_| advance()).sum::<f64>() / steps as f64
    }
}

fn generator(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

/// log of the mean of e^(rate·steps), per step: what averaging plain walks gives.
pub fn naive_average(rates: &[f64], steps: u64) -> f64 {
    let top = rates.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return top;
    }
    let t = steps as f64;
    let mean = rates.iter().map(|rate| ((rate - top) * t).exp()).sum::<f64>() / rates.len() as f64;
    top + mean.ln() / t
}

/// The seed of one point of an experiment.
pub fn point_seed(seed: u64, point: usize) -> u64 {
    ChaCha8Rng::seed_from_u64(seed ^ (point as u64) << 40).random()
}

/// Runs `measure` for every (batch size, η/η*_var), reporting each.
pub fn over_grid<T>(
    batch_sizes: &[usize],
    fractions: &[f64],
    progress: &Progress<'_>,
    mut measure: impl FnMut(usize, f64, usize) -> Result<T, QuadraticError>,
) -> Result<Vec<T>, QuadraticError> {
    progress.begin(batch_sizes.len() * fractions.len());
    let mut results = Vec::new();
    for index in 0..batch_sizes.len() {
        for &fraction in fractions {
            results.push(measure(index, fraction, results.len())?);
            progress.advance();
        }
    }
    Ok(results)
}
