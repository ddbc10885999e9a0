//! The generalized sharpness λ_max(C†D) of \[M\] Thm 5 and 11, with a proved enclosure.
//!
//! It is the scale μ at which the block map F_μ (see `block_map`) has spectral radius 1.
//! Lanczos' method finds the radius and the Perron vector (the eigenvector of the largest eigenvalue,
//! which is positive), Newton's method the scale, with the cheapest [`BlockMap`]. `certificate` proves an
//! enclosure from one application in double precision, independent of the approximations before it;
//! `correction` turns the same application into a vector whose certificate is as narrow as requested.
//!
//! Newton's step and the certificate here are those of kernels with 1/κ_ab = μ(1/λ_a + 1/λ_b)/2 − α, that is,
//! of the pencil D − μC; those of other kernels are in `crossing`.

use super::block_map::BlockMap;
use super::blocks::Blocks;
use super::certificate::{certify, collatz_wielandt, rayleigh_quotient, rounding_slack};
use super::correction::corrected;
use super::dense_map::DenseMap;
use super::search::Search;
use super::solution::{GeneralizedSharpness, Solution, SolverOptions, Status, first};
use crate::linalg::Vector;
use crate::linalg::lanczos::{BREAKDOWN, KrylovSpace, Options, Projection, Ritz};
use crate::optimizer::{Kernel, Optimizer};
use crate::process::Coefficients;
use crate::stability::bounds::rayleigh::relative_bound_17;
use crate::stability::spectrum::Spectrum;

/// Finds generalized sharpnesses of one spectrum, each starting from the solution of the one before.
pub struct Solver<'a> {
    pub(super) spectrum: &'a Spectrum,
    /// In units of λ_1.
    optimizer: Optimizer,
    /// For certificates.
    pub(super) exact: DenseMap<'a, f64>,
    /// For iterations.
    inner: Box<dyn BlockMap + 'a>,
    /// The approximate Perron vector; at first that of the problem before.
    pub(super) perron_vector: Blocks,
    /// λ_max(C†E)/λ_1, if it is known: where to look for the crossing.
    pub(super) noise: Option<f64>,
    /// −d log λ_max(F_μ)/d log μ at the crossing, as far as it is known.
    pub(super) elasticity: f64,
}

impl<'a> Solver<'a> {
    /// `inner` is the map of the iterations; certificates are in double precision.
    pub fn new(
        spectrum: &'a Spectrum,
        optimizer: Optimizer,
        inner: Box<dyn BlockMap + 'a>,
    ) -> Self {
        let perron_vector = Blocks::identity(spectrum.samples(), spectrum.outputs());
        let optimizer = optimizer.in_units_of(spectrum.sharpness());
        Self {
            spectrum,
            optimizer,
            exact: DenseMap::exact(spectrum),
            inner,
            perron_vector,
            noise: None,
            elasticity: 1.0,
        }
    }

    /// The same with a known λ_max(C†E) = `noise`, which tells where about the threshold is.
    #[must_use]
    pub fn with_noise(self, noise: f64) -> Self {
        Self { noise: Some(noise / self.spectrum.sharpness()), ..self }
    }

    /// λ_max(C†D) for (α, β).
    ///
    /// If the first attempt leaves the enclosure wider than the tolerance, others follow: with a more
    /// accurate inner map if there is one, then with finer and coarser targets from a fresh start. The
    /// tightest ends of all attempts count.
    pub fn solve(&mut self, coefficients: Coefficients, options: SolverOptions) -> Solution {
        if coefficients.beta == 0.0 {
            return self.noiseless(options.tolerance);
        }
        let mut search = Search::new(options, self.spectrum);
        let target = (options.tolerance / 2.0).max(FINEST);
        self.attempt(coefficients, target, &mut search);
        if search.is_wide() && self.inner.increase_accuracy() {
            search.extend_budget();
            self.attempt(coefficients, target, &mut search);
        }
        let small = self.perron_vector.len() * self.perron_vector.outputs() <= CHEAP;
        for other in [target / 10.0, target / 200.0, 5e-5, 5e-7] {
            if small && search.is_wide() && other >= FINEST && other != target {
                self.perron_vector =
                    Blocks::identity(self.spectrum.samples(), self.spectrum.outputs());
                search.extend_budget();
                self.attempt(coefficients, other, &mut search);
            }
        }
        Solution { sharpness: search.found, direction: search.direction }
    }

    /// The kernel of the optimizer.
    pub(super) fn kernel(&self, scale: f64, alpha: f64) -> Kernel {
        Kernel::new(self.optimizer, scale, alpha)
    }

    /// Whether F_μ is that of the pencil D − μC.
    fn is_pencil_of_sgd(&self) -> bool {
        self.optimizer.rule().has_additive_kernel()
    }

    /// Certificates from Perron vectors found to within `target`.
    fn attempt(&mut self, coefficients: Coefficients, target: f64, search: &mut Search) {
        if !self.is_pencil_of_sgd() {
            return self.attempt_crossing(coefficients, target, search);
        }
        let Coefficients { alpha, beta } = coefficients;
        while search.may_certify() {
            self.move_into_interior();
            let mut scale = self.positive_perron_vector(coefficients, target, search);
            for _ in 0..CORRECTIONS {
                let certified = certify(
                    &self.exact,
                    self.spectrum,
                    self.kernel(scale, alpha),
                    beta,
                    &self.perron_vector,
                );
                search.record(&certified);
                search.log(&certified);
                if !search.may_certify() {
                    break;
                }
                let kernel = self.kernel(scale, alpha);
                self.correct(&certified.image, kernel, beta, 0.5 * target, search);
                scale = certified.value.max(scale);
            }
        }
    }

    /// Improves the Perron vector by its image in double precision, until `residual` is left.
    pub(super) fn correct(
        &mut self,
        image: &Blocks,
        kernel: Kernel,
        beta: f64,
        residual: f64,
        search: &mut Search,
    ) {
        let m = self.perron_vector.clone();
        let found = corrected(&m, image, residual, |change| {
            search.may_iterate().then(|| self.apply(kernel, beta, change, search))
        });
        let so_far = search.found.iterations;
        tracing::debug!("corrected to {:.1e} after {so_far} iterations", found.residual);
        self.perron_vector = found.vector;
    }

    /// Mixes some of every sample into the Perron vector: where samples fall into groups that hardly share
    /// directions, that of the last problem may be zero on the group where the next one is not.
    pub(super) fn move_into_interior(&mut self) {
        const PART: f64 = 1e-2;
        self.perron_vector.scale(1.0 / self.perron_vector.largest_norm());
        self.perron_vector.add_diagonal(PART);
    }

    /// λ_max(C†D) without a proof: the Rayleigh quotient, in units of the Hessian's eigenvalues. For the
    /// noise operator E of \[M\] Prop 8, whose α is −1.
    pub fn estimate(&mut self, coefficients: Coefficients, options: SolverOptions) -> f64 {
        let mut search = Search::new(options, self.spectrum);
        self.move_into_interior();
        let scale = self.scale_of_radius_one(coefficients, options.tolerance, &mut search).0;
        let Coefficients { alpha, beta } = coefficients;
        let value =
            rayleigh_quotient(&self.exact, self.kernel(scale, alpha), beta, &self.perron_vector);
        value * self.spectrum.sharpness()
    }

    /// β = 0: the full batch, α = 1, or nothing at all. The maximiser is X = vvᵀ.
    fn noiseless(&self, tolerance: f64) -> Solution {
        let sharpness = self.spectrum.sharpness();
        let value = self.kernel(1.0, 1.0).full_batch_scale() * sharpness;
        let skew = 4.0 * self.spectrum.skewness() + 8.0 * f64::EPSILON;
        // 2/η*_mean grows by no more than its part of λ_1, or than λ_1.
        let drift =
            (2.0 * self.spectrum.residual() + skew * sharpness) * (value / sharpness).max(1.0);
        let (lower, upper) = (value - drift, value + drift);
        let narrow = 2.0 * drift <= tolerance * value;
        let sharpness = GeneralizedSharpness {
            value,
            lower,
            upper,
            effective_rank: 1.0,
            status: if narrow { Status::Converged } else { Status::WiderThanTolerance },
            iterations: 0,
            certificates: 0,
        };
        Solution { sharpness, direction: first(self.spectrum.rank()) }
    }

    /// \[M\] (17), units of λ_1: a lower bound on the scale sought that is above α for α ≥ 0.
    fn least_scale(&self, coefficients: Coefficients) -> f64 {
        /// Where the noise operator vanishes, Newton's method still needs μ > 0.
        const LEAST: f64 = 1e-9;
        let (vector, samples) = (self.spectrum.top_vector(), self.spectrum.samples());
        relative_bound_17(vector, samples, coefficients).max(LEAST)
    }

    /// The scale μ at which F_μ has spectral radius 1. `self.perron_vector` becomes a positive m with
    /// F_μ(m) ⪯ (1 + EXCESS) m, up to the error of the inner map.
    ///
    /// Where the Perron vector is small, what Lanczos' method finds of it is noise. Such blocks are raised
    /// until they are of the right size, which changes nothing elsewhere; `correct` does the rest.
    pub(super) fn positive_perron_vector(
        &mut self,
        coefficients: Coefficients,
        target: f64,
        search: &mut Search,
    ) -> f64 {
        let (scale, radius) = self.scale_of_radius_one(coefficients, target, search);
        let Coefficients { alpha, beta } = coefficients;
        let kernel = self.kernel(scale, alpha);
        let floors = self.floors(kernel, beta, target);
        let mut m = self.perron_vector.clone();
        // Blocks of samples without curvature are zero, and Ritz vectors leave the cone by rounding.
        m.scale(1.0 / m.largest_norm());
        m.raise_to(&floors);
        for _ in 0..RAISES {
            if !search.may_iterate() {
                break;
            }
            let mut image = self.apply(kernel, beta, &m, search);
            image.scale(1.0 / radius);
            if collatz_wielandt(&m, &image, |_| 0.0) <= 1.0 + EXCESS {
                break;
            }
            m.raise_above(&image, OVERSHOOT);
        }
        self.perron_vector = m;
        scale
    }

    /// F_μ(m).
    pub(super) fn apply(
        &mut self,
        kernel: Kernel,
        beta: f64,
        m: &Blocks,
        search: &mut Search,
    ) -> Blocks {
        let mut image = self.inner.apply(m, kernel);
        image.scale(beta * self.spectrum.samples() as f64);
        search.found.iterations += 1;
        image
    }

    /// The scale μ and the spectral radius of F_μ there, within a tenth of `target` of 1; the Perron
    /// vector is left in `self.perron_vector`.
    ///
    /// Newton's method for 1/radius, which is linear in μ for α = 0 and nearly so for μ ≈ α, with
    /// ∂F_μ/∂μ = −(F_μ + α ∂F_μ/∂α)/μ.
    fn scale_of_radius_one(
        &mut self,
        coefficients: Coefficients,
        target: f64,
        search: &mut Search,
    ) -> (f64, f64) {
        const STEPS: usize = 30;
        if !self.is_pencil_of_sgd() {
            return self.crossing(coefficients, target, search);
        }
        let Coefficients { alpha, beta } = coefficients;
        let least = self.least_scale(coefficients);
        let noise = beta * self.spectrum.samples() as f64;
        // The noise operator starts at α/μ ≥ −1, where the explicit map can be used.
        let (mut scale, mut radius) = (least.max(-alpha), 1.0);
        for _ in 0..STEPS {
            let kernel = self.kernel(scale, alpha);
            radius = self.spectral_radius(kernel, beta, target, search);
            if (radius - 1.0).abs() <= 0.1 * target || !search.may_iterate() {
                break;
            }
            let slope = noise * self.inner.alpha_derivative(&self.perron_vector, kernel)
                / self.perron_vector.dot(&self.perron_vector);
            search.found.iterations += 1;
            let so_far = search.found.iterations;
            tracing::debug!("radius {radius} at scale {scale} after {so_far} iterations");
            scale = (scale * (1.0 + radius * (radius - 1.0) / (radius + alpha * slope))).max(least);
        }
        (scale, radius)
    }

    /// The sizes of blocks below which rounding would spoil the certificate.
    fn floors(&self, kernel: Kernel, beta: f64, target: f64) -> Vec<f64> {
        /// For samples without curvature, which have no rounding errors.
        const LEAST: f64 = 1e-14;
        let slack = rounding_slack(&self.exact, kernel, 1.0);
        let factor = 4.0 * beta * self.spectrum.samples() as f64 / target;
        slack.into_iter().map(|slack| (factor * slack).max(LEAST)).collect()
    }

    /// The spectral radius of F_μ by Lanczos' method; its approximate Perron vector is left in
    /// `self.perron_vector`.
    pub(super) fn spectral_radius(
        &mut self,
        kernel: Kernel,
        beta: f64,
        target: f64,
        search: &mut Search,
    ) -> f64 {
        // The inner map is symmetric only up to its own precision.
        let options = Options { projection: Projection::Full, breakdown: BREAKDOWN };
        let mut krylov = KrylovSpace::new(self.perron_vector.clone(), options);
        let mut best = None;
        while search.may_iterate() && !krylov.is_exhausted() {
            let image = self.apply(kernel, beta, krylov.last(), search);
            krylov.push(image);
            best = krylov.ritz();
            let converged = |ritz: &Ritz| {
                let residual = ritz.residual / ritz.value.abs();
                residual <= 0.1 * target.max(0.3 * (ritz.value - 1.0).abs())
            };
            if best.as_ref().is_none_or(converged) {
                break;
            }
        }
        let Some(ritz) = best else { return 1.0 };
        self.perron_vector = krylov.vector(&ritz);
        if self.perron_vector.trace() < 0.0 {
            self.perron_vector.scale(-1.0);
        }
        ritz.value
    }
}

/// The smallest target for a Perron vector: below it Lanczos' method would iterate on rounding. The
/// enclosures, whose error is quadratic, are far narrower.
const FINEST: f64 = 2e-9;
/// Side of a Gram matrix up to which further attempts take little time.
const CHEAP: usize = 1024;
/// By how much F_μ(m) may exceed m before the first certificate, relative.
const EXCESS: f64 = 0.1;
/// Most steps of raising blocks.
const RAISES: usize = 60;
/// Blocks are raised by this multiple of what their image lacks: raised blocks raise each other.
const OVERSHOOT: f64 = 3.0;

/// Most certificates in a row, each from the vector that the one before was corrected to.
pub(super) const CORRECTIONS: usize = 3;
