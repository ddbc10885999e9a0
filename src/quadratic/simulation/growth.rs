//! Growth rates of linearised SGD around the threshold: of E‖θ‖² and of a typical ‖θ‖.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::super::error::QuadraticError;
use super::super::settings::GrowthConfig;
use super::population::Population;
use super::prepared::PreparedProblem;
use super::step::{StepBuffers, normalise, random_direction};
use crate::process::{BatchProcess, Batches};
use crate::statistics::Mean;

impl PreparedProblem {
    /// Log growth of E‖θ‖² per step, with momentum of that of (θ, u), by independent populations.
    pub fn population_growth(
        &self,
        process: BatchProcess,
        step_size: f64,
        config: &GrowthConfig,
        seed: u64,
    ) -> Result<Mean, QuadraticError> {
        Ok(Mean::of(&self.population_rates(process, step_size, config, seed)?))
    }

    /// The same of each population.
    pub fn population_rates(
        &self,
        process: BatchProcess,
        step_size: f64,
        config: &GrowthConfig,
        seed: u64,
    ) -> Result<Vec<f64>, QuadraticError> {
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
        Ok(rates)
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
        let mut buffers = StepBuffers::default();
        let mut theta = random_direction(self.steps.dimension(), rng);
        let mut advance = || {
            self.steps.step(&mut theta, batches.draw(rng), step_size, &mut buffers);
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
pub fn mean_growth_of_walks(rates: &[f64], steps: u64) -> f64 {
    let top = rates.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return top;
    }
    let t = steps as f64;
    let mean = rates.iter().map(|rate| ((rate - top) * t).exp()).sum::<f64>() / rates.len() as f64;
    top + mean.ln() / t
}
