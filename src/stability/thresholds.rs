//! Every exact threshold and bound of one minimum, from its Gram matrix.

use serde::Serialize;

use super::almost_sure::DecayBound;
use super::bounds::coherence::{coherence, dexter_bound};
use super::bounds::minimum_bounds::{Bounds, bounds};
use super::bounds::of_kernel::greatest_amplification;
use super::solver::accelerator::Accelerator;
use super::solver::inner_map::{Workload, inner_map};
use super::solver::noise::{noise_sharpness, sufficient_batch_size};
use super::solver::{GeneralizedSharpness, Solution, Solver, SolverOptions, Status};
use super::spectrum::{Spectrum, SpectrumError};
use crate::gram::Gram;
use crate::memory::available;
use crate::optimizer::{Kernel, Optimizer};
use crate::process::{Coefficients, Sampling, SamplingError};

/// What to compute, for one process and optimizer.
#[derive(Debug, Clone)]
pub struct Request {
    /// B, each in 1..=n.
    pub batch_sizes: Vec<usize>,
    /// How batches are drawn.
    pub sampling: Sampling,
    /// How steps are made.
    pub optimizer: Optimizer,
    /// Width of the enclosures and limit of the iterations.
    pub options: SolverOptions,
}

/// Why thresholds cannot be computed.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ThresholdsError {
    /// A batch size outside 1..=n.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// No eigendecomposition.
    #[error(transparent)]
    Spectrum(#[from] SpectrumError),
    /// Not a positive number.
    #[error("the tolerance {0} is not a positive number")]
    Tolerance(f64),
}

/// The thresholds and the quantities of the minimum, as `etastar thresholds --json` prints them.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// n.
    pub samples: usize,
    /// q.
    pub outputs: usize,
    /// Numerical rank of G and of H.
    pub rank: usize,
    /// λ_1 = λ_max(H).
    pub sharpness: f64,
    /// The smallest eigenvalue of H above rounding.
    pub smallest_curvature: f64,
    /// Tr H.
    pub trace: f64,
    /// σ of \[D\] Def. 1.
    pub coherence: f64,
    /// λ_max(C†E) of \[M\] Prop 8.
    pub noise_sharpness: f64,
    /// How steps are made.
    #[serde(skip)]
    pub optimizer: Optimizer,
    /// How many of the `rank` eigenvalues are no larger than what rounding of G's entries can make of 0.
    /// For matrices in single precision there often are some: rank, smallest curvature, effective ranks
    /// and one-step bounds may then be those of rounding.
    pub uncertain_rank: usize,
    /// The nonzero eigenvalues of H, largest first.
    #[serde(skip)]
    pub eigenvalues: Vec<f64>,
    /// One entry per batch size, in the order of the request.
    pub thresholds: Vec<Threshold>,
}

impl Report {
    /// The least B that implies (1 − ε) η*_mean ≤ η*_var for batches without replacement (\[M\] Prop 8, for any
    /// optimizer): B ≥ λ_max(C†E) · max_ab η²g_ab(λ_a + λ_b)/2 at η = (1 − ε)η*_mean; at most n.
    ///
    /// None unless 0 < `epsilon` < 1.
    pub fn sufficient_batch_size(&self, epsilon: f64) -> Option<usize> {
        if self.optimizer.rule().has_additive_kernel() {
            let noise = self.noise_sharpness;
            return sufficient_batch_size(noise, self.sharpness, epsilon, self.samples);
        }
        if !(epsilon > 0.0 && epsilon < 1.0) {
            return None;
        }
        let unit = self.optimizer.in_units_of(self.sharpness);
        let step_size = (1.0 - epsilon) * unit.rule().eta_mean(1.0);
        let values: Vec<f64> = self.eigenvalues.iter().map(|x| x / self.sharpness).collect();
        let kernel = Kernel::new(unit, 2.0 / step_size, 1.0);
        let least = self.noise_sharpness / self.sharpness * greatest_amplification(kernel, &values);
        Some((least.ceil().min(self.samples as f64) as usize).max(1))
    }

    /// What `found`, one of the thresholds, proves about the decay of linearised SGD.
    pub fn decay(&self, found: &Threshold) -> DecayBound {
        DecayBound {
            optimizer: self.optimizer,
            generalized_sharpness: found.generalized_sharpness.upper,
            smallest_curvature: self.smallest_curvature,
        }
    }
}

/// The thresholds at one batch size. All but the step sizes are in units of λ_1.
#[derive(Debug, Clone, Serialize)]
pub struct Threshold {
    /// B.
    pub batch_size: usize,
    /// How the batch is drawn.
    pub sampling: Sampling,
    /// α.
    pub alpha: f64,
    /// β.
    pub beta: f64,
    /// η*_mean = 2/λ_1 (\[M\] Thm 1).
    pub eta_mean: f64,
    /// η*_var = 2/λ_max(C†D) (\[M\] Thm 5).
    pub eta_var: f64,
    /// λ_max(C†D) with its proved enclosure.
    pub generalized_sharpness: GeneralizedSharpness,
    /// \[M\] (17).
    pub bound_17: f64,
    /// \[M\] (18).
    pub bound_18: f64,
    /// \[M\] (27), the largest of several local maxima; at least (17), at most the generalized sharpness.
    pub bound_27: f64,
    /// The one-step contraction bound, from above.
    pub one_step_upper: f64,
    /// (Tr X)²/‖X‖_F² of the maximiser X.
    pub effective_rank: f64,
    /// See [`dexter_bound`]; `None` for other optimizers than plain SGD.
    pub dexter_bound: Option<f64>,
    /// Whether the enclosure is within the tolerance.
    pub status: Status,
    /// Applications of the solver's inner map.
    pub iterations: usize,
    /// Applications in double precision, each of which proved an enclosure.
    pub certificates: usize,
}

/// A stage of the computation that has just ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The eigendecomposition of G.
    Spectrum,
    /// The generalized sharpness at this batch size.
    BatchSize(usize),
    /// The bounds.
    Bounds,
}

/// Computes the whole report. `progress` is called after each stage.
///
/// # Errors
/// A request out of range, or a matrix that is no Gram matrix.
pub fn thresholds(
    gram: &Gram,
    request: &Request,
    progress: &mut dyn FnMut(Stage),
) -> Result<Report, ThresholdsError> {
    thresholds_on(None, gram, request, progress)
}

/// The same, with the iterations on `accelerator` where it can be used.
///
/// # Errors
/// Those of [`thresholds`]; an accelerator that fails is no error.
pub fn thresholds_on(
    accelerator: Option<&dyn Accelerator>,
    gram: &Gram,
    request: &Request,
    progress: &mut dyn FnMut(Stage),
) -> Result<Report, ThresholdsError> {
    let n = gram.samples();
    let tolerance = request.options.tolerance;
    if !(tolerance > 0.0 && tolerance.is_finite()) {
        return Err(ThresholdsError::Tolerance(tolerance));
    }
    let pairs: Vec<Coefficients> = request
        .batch_sizes
        .iter()
        .map(|&batch_size| request.sampling.coefficients(n, batch_size))
        .collect::<Result<_, _>>()?;
    let spectrum = Spectrum::of(gram)?;
    tracing::debug!("spectrum of side {}: rank {}", gram.side(), spectrum.rank());
    progress(Stage::Spectrum);

    let optimizer = request.optimizer;
    let solver_of = |optimizer: Optimizer| {
        let memory = available();
        let workload = Workload { optimizer, tolerance, problems: pairs.len() + 1, memory };
        Solver::new(&spectrum, optimizer, inner_map(&spectrum, workload, accelerator))
    };
    // λ_max(C†E) is a quantity of the minimum: that of plain SGD for every optimizer.
    let mut plain = solver_of(Optimizer::Sgd);
    tracing::debug!("the inner map is set up");
    let noise = noise_sharpness(&mut plain, request.options);
    tracing::debug!("noise sharpness found");
    let solver = if optimizer == Optimizer::Sgd {
        plain
    } else {
        drop(plain);
        solver_of(optimizer).with_noise(noise)
    };
    let generalized = sharpnesses(solver, request, &pairs, progress);
    let sharpness = Sharpnesses { generalized, noise };
    let report = report(gram, &spectrum, request, &pairs, sharpness);
    tracing::debug!("bounds found");
    progress(Stage::Bounds);
    Ok(report)
}

struct Sharpnesses {
    generalized: Vec<Solution>,
    noise: f64,
}

/// Small batches first: the maximiser moves least from one to the next.
fn sharpnesses(
    mut solver: Solver<'_>,
    request: &Request,
    pairs: &[Coefficients],
    progress: &mut dyn FnMut(Stage),
) -> Vec<Solution> {
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by_key(|&k| request.batch_sizes[k]);
    let mut found: Vec<(usize, Solution)> = Vec::with_capacity(pairs.len());
    for k in order {
        found.push((k, solver.solve(pairs[k], request.options)));
        progress(Stage::BatchSize(request.batch_sizes[k]));
    }
    found.sort_by_key(|(k, _)| *k);
    found.into_iter().map(|(_, value)| value).collect()
}

fn report(
    gram: &Gram,
    spectrum: &Spectrum,
    request: &Request,
    pairs: &[Coefficients],
    found: Sharpnesses,
) -> Report {
    let (n, sharpness) = (gram.samples(), spectrum.sharpness());
    let rounding = gram.eigenvalue_rounding() / n as f64;
    let directions: Vec<Vec<f64>> =
        found.generalized.iter().map(|solution| solution.direction.clone()).collect();
    let bounds = bounds(gram, spectrum, request.optimizer, pairs, &directions);
    let coherence = coherence(gram);
    let rule = request.optimizer.rule();
    let thresholds =
        found.generalized.into_iter().zip(bounds).enumerate().map(|(k, (solution, bounds))| {
            let generalized = solution.sharpness;
            let batch_size = request.batch_sizes[k];
            let Bounds { bound_17, bound_18, bound_27, one_step_upper } = bounds;
            // (27) is a Rayleigh quotient too: where X has rank one it can be the larger one.
            let value = generalized.value.max(bound_27);
            let generalized_sharpness =
                GeneralizedSharpness { value, upper: generalized.upper.max(value), ..generalized };
            let plain = rule.has_additive_kernel();
            Threshold {
                batch_size,
                sampling: request.sampling,
                alpha: pairs[k].alpha,
                beta: pairs[k].beta,
                eta_mean: rule.eta_mean(sharpness),
                eta_var: rule.eta_var(value),
                bound_17,
                bound_18,
                bound_27,
                one_step_upper,
                effective_rank: generalized.effective_rank,
                dexter_bound: plain.then(|| dexter_bound(sharpness, coherence, n, batch_size)),
                status: generalized.status,
                iterations: generalized.iterations,
                certificates: generalized.certificates,
                generalized_sharpness,
            }
        });
    Report {
        samples: n,
        outputs: gram.outputs(),
        rank: spectrum.rank(),
        sharpness,
        smallest_curvature: spectrum.smallest(),
        trace: spectrum.trace(),
        coherence,
        noise_sharpness: found.noise,
        optimizer: request.optimizer,
        uncertain_rank: spectrum.eigenvalues().iter().filter(|value| **value <= rounding).count(),
        eigenvalues: spectrum.eigenvalues().to_vec(),
        thresholds: thresholds.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// R(v) with the H_i = A_iᵀA_i written out in three dimensions.
    fn quotient(rows: &Mat<f64>, q: usize, pair: Coefficients, v: [f64; 3]) -> f64 {
        let n = rows.nrows() / q;
        let output = |k: usize| (0..3).map(|a| rows[(k, a)] * v[a]).sum::<f64>();
        let curvature = |i: usize| (i * q..(i + 1) * q).map(|k| output(k).powi(2)).sum::<f64>();
        let mean = (0..n).map(curvature).sum::<f64>() / n as f64;
        let square = (0..n).map(|i| curvature(i).powi(2)).sum::<f64>() / n as f64;
        let length: f64 = v.iter().map(|x| x * x).sum();
        (pair.alpha * mean * mean + pair.beta * square) / (mean * length)
    }

    /// The greatest R on a grid over half of the sphere.
    fn greatest(rows: &Mat<f64>, q: usize, pair: Coefficients) -> f64 {
        const STEPS: usize = 500;
        let angle = |k: usize| std::f64::consts::PI * (k as f64 + 0.5) / STEPS as f64;
        let at = |j: usize, k: usize| {
            let (polar, around) = (angle(j), angle(k));
            let flat = polar.sin();
            quotient(rows, q, pair, [flat * around.cos(), flat * around.sin(), polar.cos()])
        };
        (0..STEPS).flat_map(|j| (0..STEPS).map(move |k| at(j, k))).fold(0.0, f64::max)
    }

    #[test]
    fn ascents_end_at_the_greatest_quotient_of_a_sphere() {
        for (seed, q) in [(0, 1), (1, 2), (2, 1), (3, 3)] {
            let n = 7;
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let rows = Mat::from_fn(n * q, 3, |_, _| rng.random_range(-1.0_f64..1.0).powi(3));
            let gram = Gram::new(&rows * rows.transpose(), q).unwrap();
            let batch_sizes = vec![1, 2, 5];
            let request = Request {
                batch_sizes,
                sampling: Sampling::Distinct,
                optimizer: Optimizer::default(),
                options: SolverOptions::default(),
            };
            for found in thresholds(&gram, &request, &mut |_| ()).unwrap().thresholds {
                let pair = Sampling::Distinct.coefficients(n, found.batch_size).unwrap();
                let expected = greatest(&rows, q, pair);
                let ratio = found.bound_27 / expected;
                assert!(
                    (1.0 - 1e-5..1.0 + 1e-4).contains(&ratio),
                    "B = {}: {ratio}",
                    found.batch_size
                );
                assert!(found.bound_17 < expected, "so that (17) does not pass for (27)");
            }
        }
    }
}
