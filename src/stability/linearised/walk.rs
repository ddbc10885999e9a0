//! Linearised SGD on one vector.

use pulp::{Arch, NullaryFnOnce};

use super::factor::{GramFactor, Row};
use crate::optimizer::{LinearGradient, Optimizer, State};
use crate::process::Batch;

/// Steps between renormalisations: f64 holds 308 decades, and no factor of a step is near 10²⁰.
pub(super) const RENORMALISE: u64 = 12;

/// Makes linearised steps of an optimizer at some η.
#[derive(Debug, Clone)]
pub(super) struct Stepper<'f> {
    factor: &'f GramFactor,
    optimizer: Optimizer,
    arch: Arch,
    step_size: f64,
    /// A_iθ of the rows of the batch.
    residuals: Vec<f64>,
}

impl<'f> Stepper<'f> {
    pub fn new(factor: &'f GramFactor, optimizer: Optimizer, step_size: f64) -> Self {
        Self { factor, optimizer, arch: Arch::new(), step_size, residuals: Vec::new() }
    }

    /// One step with the mean gradient (1/batch.divisor) Σ_{i∈batch} A_iᵀA_iθ.
    pub fn step(&mut self, state: &mut State, batch: Batch<'_>) {
        self.residuals.resize(batch.samples.len() * self.factor.outputs(), 0.0);
        let (factor, arch, residuals) = (self.factor, self.arch, &mut self.residuals[..]);
        let mut gradient = BatchGradient { factor, arch, batch, residuals };
        self.optimizer.rule().step(state, self.step_size, &mut gradient);
    }
}

/// θ under linearised steps of an optimizer, kept near unit length.
///
/// θ is in double precision even where A is not: where the decay is slow, a step changes θ by less
/// than single precision can hold.
#[derive(Debug, Clone)]
pub struct Walk<'f> {
    stepper: Stepper<'f>,
    state: State,
    /// log of the norms divided out so far.
    log_scale: f64,
    steps: u64,
}

impl<'f> Walk<'f> {
    /// Starts at `start`, of any length but 0.
    pub fn new(
        factor: &'f GramFactor,
        optimizer: Optimizer,
        step_size: f64,
        start: Vec<f64>,
    ) -> Self {
        let stepper = Stepper::new(factor, optimizer, step_size);
        let mut walk = Self { stepper, state: State::at(start), log_scale: 0.0, steps: 0 };
        walk.renormalise();
        walk.log_scale = 0.0;
        walk
    }

    /// One step with the mean gradient (1/batch.divisor) Σ_{i∈batch} A_iᵀA_iθ.
    pub fn step(&mut self, batch: Batch<'_>) {
        self.stepper.step(&mut self.state, batch);
        self.steps += 1;
        if self.steps.is_multiple_of(RENORMALISE) {
            self.renormalise();
        }
    }

    /// Continues at another η.
    pub fn set_step_size(&mut self, step_size: f64) {
        self.stepper.step_size = step_size;
    }

    /// log ‖θ‖/‖θ_0‖; −∞ where θ has become 0.
    pub fn log_norm(&mut self) -> f64 {
        self.renormalise();
        self.log_scale
    }

    fn renormalise(&mut self) {
        let norm = self.state.squared_norm().sqrt();
        if norm > 0.0 {
            self.state.for_each(|x| *x /= norm);
        }
        self.log_scale += norm.ln();
    }
}

/// (1/divisor) Σ_{i∈batch} A_iᵀA_iθ.
struct BatchGradient<'w> {
    factor: &'w GramFactor,
    arch: Arch,
    batch: Batch<'w>,
    /// One number for every output of every sample.
    residuals: &'w mut [f64],
}

impl LinearGradient for BatchGradient<'_> {
    fn evaluate(&mut self, position: &[f64]) {
        let Self { factor, batch, .. } = *self;
        let samples = batch.samples;
        self.arch.dispatch(Residuals { factor, samples, position, residuals: self.residuals });
    }

    fn add_to(&self, factor: f64, target: &mut [f64]) {
        self.arch.dispatch(AddGradient {
            factor: self.factor,
            samples: self.batch.samples,
            residuals: self.residuals,
            rate: factor / self.batch.divisor,
            target,
        });
    }
}

/// residuals ← A_iθ for every sample i of the batch, to be compiled for the processor's vector
/// instructions.
///
/// A closure would not be: what calls it is a function of its own, without those instructions.
struct Residuals<'w> {
    factor: &'w GramFactor,
    samples: &'w [usize],
    position: &'w [f64],
    residuals: &'w mut [f64],
}

impl NullaryFnOnce for Residuals<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let q = self.factor.outputs();
        for (&sample, residuals) in self.samples.iter().zip(self.residuals.chunks_mut(q)) {
            for (k, residual) in residuals.iter_mut().enumerate() {
                *residual = match self.factor.row(sample * q + k) {
                    Row::Single(row) => dot(row, self.position),
                    Row::Double(row) => dot(row, self.position),
                };
            }
        }
    }
}

/// target += rate Σ_i A_iᵀ residuals_i, compiled likewise.
struct AddGradient<'w> {
    factor: &'w GramFactor,
    samples: &'w [usize],
    residuals: &'w [f64],
    rate: f64,
    target: &'w mut [f64],
}

impl NullaryFnOnce for AddGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let q = self.factor.outputs();
        for (&sample, residuals) in self.samples.iter().zip(self.residuals.chunks(q)) {
            for (k, residual) in residuals.iter().enumerate() {
                let factor = self.rate * residual;
                match self.factor.row(sample * q + k) {
                    Row::Single(row) => add_scaled(self.target, factor, row),
                    Row::Double(row) => add_scaled(self.target, factor, row),
                }
            }
        }
    }
}

/// Independent partial sums, which the compiler may keep in one vector register each.
const LANES: usize = 32;

/// Σ row_k vector_k over the length of `row`.
#[inline(always)]
fn dot<T: Copy + Into<f64>>(row: &[T], vector: &[f64]) -> f64 {
    let (rows, tail) = row.as_chunks::<LANES>();
    let (vectors, _) = vector[..row.len()].as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, x) in rows.iter().zip(vectors) {
        for k in 0..LANES {
            sums[k] += a[k].into() * x[k];
        }
    }
    let rest = &vector[row.len() - tail.len()..row.len()];
    let rest: f64 = tail.iter().zip(rest).map(|(&a, x)| a.into() * x).sum();
    sums.iter().sum::<f64>() + rest
}

/// vector += factor · row.
#[inline(always)]
fn add_scaled<T: Copy + Into<f64>>(vector: &mut [f64], factor: f64, row: &[T]) {
    for (x, a) in vector.iter_mut().zip(row) {
        *x += factor * (*a).into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gram::Gram;
    use faer::Mat;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Output space in f64, r ← r − (η/B) G_{:,i} r_i, is the independent route.
    #[test]
    fn a_walk_is_the_residual_recursion() {
        let (n, q, d) = (23, 2, 60);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let rows = Mat::from_fn(n * q, d, |_, _| rng.random_range(-1.0..1.0));
        let gram = Gram::new(&rows * rows.transpose(), q).unwrap();
        let factor = GramFactor::of(&gram).unwrap();
        let start: Vec<f64> = (0..factor.rank()).map(|_| rng.random_range(-1.0..1.0)).collect();
        let image = |vector: &[f64]| -> Vec<f64> {
            let row = |k| factor.row(k).widened().iter().zip(vector).map(|(a, x)| a * x).sum();
            (0..n * q).map(row).collect()
        };
        let mut residual = image(&start);
        let length = start.iter().map(|x| x * x).sum::<f64>().sqrt();
        let mut walk = Walk::new(&factor, Optimizer::default(), 0.03, start);
        for _ in 0..50 {
            let samples: Vec<usize> = (0..3).map(|_| rng.random_range(0..n)).collect();
            walk.step(Batch { samples: &samples, divisor: 3.0 });
            let columns = samples.iter().flat_map(|i| i * q..(i + 1) * q);
            let moves: Vec<(usize, f64)> = columns.map(|k| (k, 0.01 * residual[k])).collect();
            for (k, amount) in moves {
                (0..n * q).for_each(|j| residual[j] -= amount * gram.matrix()[(j, k)]);
            }
        }
        let scale = walk.log_norm().exp() * length;
        let size = residual.iter().map(|x| x * x).sum::<f64>().sqrt();
        for (found, expected) in image(walk.state.position()).iter().zip(&residual) {
            assert!((found * scale - expected).abs() < 1e-5 * size, "{found} {expected}");
        }
    }
}
