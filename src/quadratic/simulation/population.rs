//! The growth rate of E‖θ‖² by a population of particles.
//!
//! E‖θ_t‖² is carried by rare paths, exponentially rarer with t: near and above the threshold a
//! plain average over walks sees none of them, and says "decays" where the moment explodes. Here
//! every particle moves by SGD and is then kept or copied in proportion to how much ‖θ‖² it gained,
//! so that the population follows the paths that carry the moment. With w = ‖θ'‖²/‖θ‖² the product
//! of the mean weights is an unbiased estimate of E‖θ_t‖²/‖θ_0‖² for any number of particles, and
//! the mean of their logarithms tends to log ρ(Q) as both the particles and the steps grow (Del
//! Moral, Feynman–Kac Formulae, 2004, §7 and §12; "go with the winners", Grassberger 2002). Its
//! bias is of the order 1/particles. A heavy weight has a probability of at least 1/n at B = 1, so
//! that a population well above n meets it in every step.

use rand::{Rng, RngExt};

use super::step::{StepBuffers, Steps, normalise, random_direction};
use crate::optimizer::State;
use crate::process::Batches;
use crate::stability::simulated_mean_square::copy_counts;

/// Directions of unit length, and how the moment that they carry has grown.
pub struct Population {
    particles: Vec<State>,
    next: Vec<State>,
    /// ‖θ‖² that each particle gained in the last step.
    weights: Vec<f64>,
    buffers: StepBuffers,
}

impl Population {
    /// `size` random directions.
    pub fn new(size: usize, dimension: usize, rng: &mut impl Rng) -> Self {
        let particles: Vec<State> = (0..size).map(|_| random_direction(dimension, rng)).collect();
        let next = particles.clone();
        Self { particles, next, weights: Vec::new(), buffers: StepBuffers::default() }
    }

    /// One step of every particle with a batch of its own; returns log E‖θ‖² gained, −∞ once
    /// every particle has reached 0.
    pub fn step(
        &mut self,
        steps: &Steps,
        batches: &mut Batches,
        step_size: f64,
        rng: &mut impl Rng,
    ) -> f64 {
        self.weights.clear();
        for theta in &mut self.particles {
            steps.step(theta, batches.draw(rng), step_size, &mut self.buffers);
            self.weights.push(normalise(theta));
        }
        let total: f64 = self.weights.iter().sum();
        if total > 0.0 {
            self.resample(rng);
        }
        (total / self.particles.len() as f64).ln()
    }

    /// Every particle as often as its weight demands.
    fn resample(&mut self, rng: &mut impl Rng) {
        let copies = copy_counts(&self.weights, rng.random());
        let chosen =
            copies.iter().enumerate().flat_map(|(k, &count)| std::iter::repeat_n(k, count));
        for (target, chosen) in self.next.iter_mut().zip(chosen) {
            target.copy_from(&self.particles[chosen]);
        }
        std::mem::swap(&mut self.particles, &mut self.next);
    }
}
