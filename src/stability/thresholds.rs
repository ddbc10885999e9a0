//! Every threshold of one minimum, from its Gram matrix: the model-free entry point.

use serde::Serialize;

use super::{
    accelerator::Accelerator,
    bounds::{TopEigenpair, bound_18},
    coherence::{coherence, dexter_bound},
    generalized_sharpness::{Effort, GeneralizedSharpness, Solution, Solver, Status},
    iteration::{Work, inner_map},
    lyapunov::Decay,
    noise::noise_sharpness,
    one_step::one_step_upper,
    rank_one::{Start, climb, shared_directions},
    spectrum::{Spectrum, SpectrumError},
};
use crate::curvature::gram::Gram;
use crate::process::{Coefficients, Sampling, SamplingError};

/// What to compute.
#[derive(Debug, Clone)]
pub struct Request {
    /// B, each in 1..=n.
    pub batch_sizes: Vec<usize>,
    /// How batches are drawn.
    pub sampling: Sampling,
    /// Width of the enclosures and when to give up on it.
    pub effort: Effort,
}

/// Why there are no thresholds.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ThresholdsError {
    /// A batch size outside 1..=n.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// No eigendecomposition.
    #[error(transparent)]
    Spectrum(#[from] SpectrumError),
    /// A tolerance that cannot be aimed at.
    #[error("the tolerance {0} is not a positive number")]
    Tolerance(f64),
}

/// Everything, as `etastar thresholds --json` prints it.
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
    /// How many of the `rank` eigenvalues are no larger than what the rounding of G's entries can
    /// make of 0; not none for matrices in single precision, whose rank, smallest curvature, effective
    /// ranks and one-step bounds may then be those of rounding.
    pub uncertain_rank: usize,
    /// The nonzero eigenvalues of H, largest first.
    #[serde(skip)]
    pub eigenvalues: Vec<f64>,
    /// One entry per batch size, in the order of the request.
    pub thresholds: Vec<Threshold>,
}

impl Report {
    /// What `found`, one of the thresholds, has proved about the decay of linearised SGD.
    pub fn decay(&self, found: &Threshold) -> Decay {
        Decay {
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
    /// \[M\] (27), the best of several climbs; at least (17), at most the generalized sharpness.
    pub bound_27: f64,
    /// The one-step contraction bound, from above.
    pub one_step_upper: f64,
    /// (Tr X)²/‖X‖_F² of the maximiser X.
    pub effective_rank: f64,
    /// See [`dexter_bound`].
    pub dexter_bound: f64,
    /// Whether the enclosure is as narrow as asked for.
    pub status: Status,
    /// Iterations of the solver in its inner precision.
    pub iterations: usize,
    /// Applications in double precision, each of which proved an enclosure.
    pub certificates: usize,
}

/// What has just been finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The eigendecomposition of G.
    Spectrum,
    /// The generalized sharpness at this batch size.
    BatchSize(usize),
    /// All that needs no solver.
    Bounds,
}

/// Computes the whole report. `progress` is called after each stage.
///
/// # Errors
/// A request that makes no sense, or a matrix that is no Gram matrix.
pub fn thresholds(
    gram: &Gram,
    request: &Request,
    progress: &mut dyn FnMut(Stage),
) -> Result<Report, ThresholdsError> {
    thresholds_on(None, gram, request, progress)
}

/// The same, with the iterations on `accelerator` where that can do them.
///
/// # Errors
/// Those of [`thresholds`]: an accelerator that fails is none.
pub fn thresholds_on(
    accelerator: Option<&dyn Accelerator>,
    gram: &Gram,
    request: &Request,
    progress: &mut dyn FnMut(Stage),
) -> Result<Report, ThresholdsError> {
    let n = gram.samples();
    let tolerance = request.effort.tolerance;
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

    let work = Work { tolerance, problems: pairs.len() + 1 };
    let solver = Solver::new(&spectrum, inner_map(&spectrum, work, accelerator));
    tracing::debug!("the map of the iterations is set up");
    let sharpness = sharpnesses(solver, request, &pairs, progress);
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
) -> Sharpnesses {
    let noise = noise_sharpness(&mut solver, request.effort);
    tracing::debug!("noise sharpness found");
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by_key(|&k| request.batch_sizes[k]);
    let mut found: Vec<(usize, Solution)> = Vec::with_capacity(pairs.len());
    for k in order {
        found.push((k, solver.solve(pairs[k], request.effort)));
        progress(Stage::BatchSize(request.batch_sizes[k]));
    }
    found.sort_by_key(|(k, _)| *k);
    Sharpnesses { generalized: found.into_iter().map(|(_, value)| value).collect(), noise }
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
    let top = TopEigenpair { sharpness, vector: spectrum.top_vector().to_vec() };
    let rank_one = rank_one_bounds(gram, spectrum, pairs, &found.generalized);
    let one_step = one_step_upper(gram, spectrum, pairs);
    let coherence = coherence(gram);
    let thresholds = found.generalized.into_iter().enumerate().map(|(k, solution)| {
        let generalized = solution.sharpness;
        let batch_size = request.batch_sizes[k];
        let bound_17 = top.bound_17(n, pairs[k]);
        let bound_27 = rank_one[k].max(bound_17);
        // The climb ends on a Rayleigh quotient too: where X has rank one it can be the better one.
        let value = generalized.value.max(bound_27);
        let generalized_sharpness =
            GeneralizedSharpness { value, upper: generalized.upper.max(value), ..generalized };
        Threshold {
            batch_size,
            sampling: request.sampling,
            alpha: pairs[k].alpha,
            beta: pairs[k].beta,
            eta_mean: 2.0 / sharpness,
            eta_var: generalized_sharpness.step_size(),
            bound_17,
            bound_18: bound_18(gram, pairs[k]),
            bound_27,
            one_step_upper: one_step[k],
            effective_rank: generalized.effective_rank,
            dexter_bound: dexter_bound(sharpness, coherence, n, batch_size),
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
        uncertain_rank: spectrum.eigenvalues().iter().filter(|value| **value <= rounding).count(),
        eigenvalues: spectrum.eigenvalues().to_vec(),
        thresholds: thresholds.collect(),
    }
}

/// \[M\] (27) for every pair, from the top eigenvectors of H, of the largest H_i and of X.
fn rank_one_bounds(
    gram: &Gram,
    spectrum: &Spectrum,
    pairs: &[Coefficients],
    found: &[Solution],
) -> Vec<f64> {
    let shared = shared_directions(gram, spectrum);
    let mut starts = Vec::new();
    for (&coefficients, solution) in pairs.iter().zip(found) {
        let directions = shared.iter().cloned().chain([solution.direction.clone()]);
        starts.extend(directions.map(|direction| Start { coefficients, direction }));
    }
    let ends = climb(spectrum, &starts);
    ends.chunks(shared.len() + 1).map(|ends| ends.iter().copied().fold(0.0, f64::max)).collect()
}
