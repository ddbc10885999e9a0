//! The generalized sharpness λ_max(C†D) of \[M\] Thm 5 and 11, with a proved enclosure.
//!
//! It is the scale μ at which the block map F_μ (see `block_map`) has spectral radius 1.
//! Lanczos finds radius and Perron vector, Newton's method the scale, in whichever precision and by
//! whichever route is cheapest (`PerronMap`); `certificate` proves an enclosure from one application in
//! double precision, at whose quality no approximation before it can take part; `correction` makes of
//! the same application a vector whose certificate is as narrow as asked for.

use serde::{Serialize, Serializer};

use super::{
    block_map::{BlockMap, Kernel, PerronMap},
    blocks::Blocks,
    certificate::{certify, collatz_wielandt, rayleigh_quotient, rounding_slack},
    correction::corrected,
    krylov::{Krylov, Ritz},
    search::Search,
    spectrum::Spectrum,
};
use crate::process::Coefficients;

/// How the solver ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The enclosure is as narrow as asked for.
    Converged,
    /// It is not: the enclosure is proved all the same, only wider.
    WiderThanTolerance,
}

/// λ_max(C†D) and what is proved about it. Units of the Hessian's eigenvalues.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GeneralizedSharpness {
    /// The best Rayleigh quotient.
    pub value: f64,
    /// Proved lower end.
    pub lower: f64,
    /// Proved upper end (JSON null if nothing was proved).
    #[serde(serialize_with = "finite")]
    pub upper: f64,
    /// (Tr X)²/‖X‖_F² of the maximiser X.
    #[serde(skip)]
    pub effective_rank: f64,
    /// Whether the tolerance was reached.
    #[serde(skip)]
    pub status: Status,
    /// Applications of the block map in the inner precision.
    #[serde(skip)]
    pub iterations: usize,
    /// Applications in double precision, each of which proves an enclosure.
    #[serde(skip)]
    pub certificates: usize,
}

fn finite<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    value.is_finite().then_some(value).serialize(serializer)
}

impl GeneralizedSharpness {
    /// (upper − lower)/value.
    pub fn relative_width(&self) -> f64 {
        (self.upper - self.lower) / self.value
    }

    /// η*_var = 2/λ_max(C†D) (\[M\] Thm 5).
    pub fn step_size(&self) -> f64 {
        2.0 / self.value
    }
}

/// The number and the direction that a rank-one climb starts from.
#[derive(Debug, Clone)]
pub struct Solution {
    /// λ_max(C†D).
    pub sharpness: GeneralizedSharpness,
    /// About the top eigenvector of the maximiser X, in the eigenbasis of H.
    pub direction: Vec<f64>,
}

/// What the solver aims at and when it gives up.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Relative width of the enclosure to reach.
    pub tolerance: f64,
    /// Applications of the block map at most, certificates apart.
    pub max_iterations: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self { tolerance: 1e-4, max_iterations: 1000 }
    }
}

/// Finds generalized sharpnesses of one spectrum, each from what the one before it found.
pub struct Solver<'a> {
    spectrum: &'a Spectrum,
    exact: BlockMap<'a, f64>,
    inner: Box<dyn PerronMap + 'a>,
    /// Approximate Perron vector of the last problem.
    last: Blocks,
}

impl<'a> Solver<'a> {
    /// `inner` iterates, double precision proves.
    pub fn new(spectrum: &'a Spectrum, inner: Box<dyn PerronMap + 'a>) -> Self {
        let last = Blocks::identity(spectrum.samples(), spectrum.outputs());
        Self { spectrum, exact: BlockMap::exact(spectrum), inner, last }
    }

    /// λ_max(C†D) for (α, β).
    ///
    /// What a first attempt leaves wider than asked for is tried again: in double precision where the
    /// inner precision can retreat to it, then with finer and coarser aims from a fresh start. The
    /// tightest ends of all attempts count.
    pub fn solve(&mut self, coefficients: Coefficients, effort: Effort) -> Solution {
        if coefficients.beta == 0.0 {
            return self.noiseless(coefficients.alpha, effort.tolerance);
        }
        let mut search = Search::new(effort, self.spectrum);
        let aim = (effort.tolerance / 2.0).max(FINEST);
        self.attempt(coefficients, aim, &mut search);
        if search.is_wide() && self.inner.retreat() {
            search.renew();
            self.attempt(coefficients, aim, &mut search);
        }
        let small = self.last.len() * self.last.outputs() <= CHEAP;
        for other in [aim / 10.0, aim / 200.0, 5e-5, 5e-7] {
            if small && search.is_wide() && other >= FINEST && other != aim {
                self.last = Blocks::identity(self.spectrum.samples(), self.spectrum.outputs());
                search.renew();
                self.attempt(coefficients, other, &mut search);
            }
        }
        Solution { sharpness: search.found, direction: search.direction }
    }

    /// Certificates from Perron vectors found to within `target`.
    fn attempt(&mut self, coefficients: Coefficients, target: f64, search: &mut Search) {
        let Coefficients { alpha, beta } = coefficients;
        while search.goes_on() {
            self.leave_the_boundary();
            let mut mu = self.settle(coefficients, target, search);
            for _ in 0..CORRECTIONS {
                let certified = certify(&self.exact, self.spectrum, coefficients, mu, &self.last);
                search.record(&certified);
                search.tell(&certified);
                if !search.goes_on() {
                    break;
                }
                self.correct(&certified.image, Kernel { mu, alpha }, beta, target, search);
                mu = certified.value.max(mu);
            }
        }
    }

    /// Improves the last Perron vector by its image in double precision.
    fn correct(
        &mut self,
        image: &Blocks,
        kernel: Kernel,
        beta: f64,
        target: f64,
        search: &mut Search,
    ) {
        let m = self.last.clone();
        let found = corrected(&m, image, 0.5 * target, |change| {
            search.may_iterate().then(|| self.apply(kernel, beta, change, search))
        });
        let so_far = search.found.iterations;
        tracing::debug!("corrected to {:.1e} after {so_far} iterations", found.residual);
        self.last = found.vector;
    }

    /// Mixes in some of every sample: where samples fall into groups that hardly share directions, the
    /// last Perron vector may live on one group and the next on another.
    fn leave_the_boundary(&mut self) {
        const PART: f64 = 1e-2;
        self.last.scale(1.0 / self.last.largest_norm());
        self.last.add_diagonal(PART);
    }

    /// The Rayleigh quotient alone, without a proof: what the noise operator E of \[M\] Prop 8 needs,
    /// whose α is −1. Units of the Hessian's eigenvalues.
    pub fn estimate(&mut self, coefficients: Coefficients, effort: Effort) -> f64 {
        let mut search = Search::new(effort, self.spectrum);
        self.leave_the_boundary();
        let mu = self.radius_one(coefficients, effort.tolerance, &mut search).0;
        let Coefficients { alpha, beta } = coefficients;
        let value = rayleigh_quotient(&self.exact, Kernel { mu, alpha }, beta, &self.last);
        value * self.spectrum.sharpness()
    }

    /// β = 0: D = αH⊗H, whose maximiser is X = vvᵀ.
    fn noiseless(&self, alpha: f64, tolerance: f64) -> Solution {
        let value = alpha * self.spectrum.sharpness();
        let skew = 4.0 * self.spectrum.skewness() + 8.0 * f64::EPSILON;
        let drift = alpha * (2.0 * self.spectrum.residual() + skew * self.spectrum.sharpness());
        let narrow = 2.0 * drift <= tolerance * value;
        let sharpness = GeneralizedSharpness {
            value,
            lower: value - drift,
            upper: value + drift,
            effective_rank: 1.0,
            status: if narrow { Status::Converged } else { Status::WiderThanTolerance },
            iterations: 0,
            certificates: 0,
        };
        Solution { sharpness, direction: first(self.spectrum.rank()) }
    }

    /// \[M\] (17), units of λ_1: a scale that is not above μ° but, for α ≥ 0, above α.
    fn least(&self, coefficients: Coefficients) -> f64 {
        /// Where the noise operator vanishes, Newton's method still needs μ > 0.
        const LEAST: f64 = 1e-9;
        let (n, q) = (self.spectrum.samples() as f64, self.spectrum.outputs());
        let square = |u: &[f64]| u.iter().map(|x| x * x).sum::<f64>();
        let top = self.spectrum.top_vector().chunks(q);
        let fourth: f64 = top.map(|u| square(u).powi(2)).sum();
        (coefficients.alpha + coefficients.beta * n * fourth).max(LEAST)
    }

    /// Finds the scale μ at which F_μ has spectral radius 1 and, in `self.last`, a positive m with
    /// F_μ(m) ⪯ (1 + SETTLED) m as far as the inner precision can tell.
    ///
    /// Where the Perron vector is small, Lanczos leaves nothing of it but noise. Such blocks are raised
    /// until they are of the right size, which changes nothing elsewhere; the rest is for `correct`.
    fn settle(&mut self, coefficients: Coefficients, target: f64, search: &mut Search) -> f64 {
        let (mu, radius) = self.radius_one(coefficients, target, search);
        let Coefficients { alpha, beta } = coefficients;
        let kernel = Kernel { mu, alpha };
        let floors = self.floors(kernel, beta, target);
        let mut m = self.last.clone();
        // Blocks of silent samples are zero, and Ritz vectors leave the cone by rounding.
        m.scale(1.0 / m.largest_norm());
        m.raise_to(&floors);
        for _ in 0..RAISES {
            if !search.may_iterate() {
                break;
            }
            let mut image = self.apply(kernel, beta, &m, search);
            image.scale(1.0 / radius);
            if collatz_wielandt(&m, &image, |_| 0.0) <= 1.0 + SETTLED {
                break;
            }
            m.raise_above(&image, OVERSHOOT);
        }
        self.last = m;
        mu
    }

    /// F_μ(m).
    fn apply(&mut self, kernel: Kernel, beta: f64, m: &Blocks, search: &mut Search) -> Blocks {
        let mut image = self.inner.blocks(m, kernel);
        image.scale(beta * self.spectrum.samples() as f64);
        search.found.iterations += 1;
        image
    }

    /// μ and the spectral radius of F_μ there, within a tenth of `target` of 1; the Perron vector is
    /// left in `self.last`. Newton's method for 1/radius, which is linear in μ for α = 0 and nearly so
    /// for μ ≈ α, with ∂F_μ/∂μ = −(F_μ + α ∂F_μ/∂α)/μ.
    fn radius_one(
        &mut self,
        coefficients: Coefficients,
        target: f64,
        search: &mut Search,
    ) -> (f64, f64) {
        const STEPS: usize = 30;
        let Coefficients { alpha, beta } = coefficients;
        let least = self.least(coefficients);
        let noise = beta * self.spectrum.samples() as f64;
        // The noise operator starts at γ = α/μ ≥ −1, where the cheapest map is at home.
        let (mut mu, mut radius) = (least.max(-alpha), 1.0);
        for _ in 0..STEPS {
            let kernel = Kernel { mu, alpha };
            radius = self.perron(kernel, beta, target, search);
            if (radius - 1.0).abs() <= 0.1 * target || !search.may_iterate() {
                break;
            }
            let slope = noise * self.inner.slope(&self.last, kernel) / self.last.dot(&self.last);
            search.found.iterations += 1;
            let so_far = search.found.iterations;
            tracing::debug!("radius {radius} at scale {mu} after {so_far} iterations");
            mu = (mu * (1.0 + radius * (radius - 1.0) / (radius + alpha * slope))).max(least);
        }
        (mu, radius)
    }

    /// Below which size a block's rounding slack would spoil the certificate.
    fn floors(&self, kernel: Kernel, beta: f64, target: f64) -> Vec<f64> {
        /// For silent samples, which have no rounding errors.
        const LEAST: f64 = 1e-14;
        let slack = rounding_slack(&self.exact, kernel, 1.0);
        let factor = 4.0 * beta * self.spectrum.samples() as f64 / target;
        slack.into_iter().map(|slack| (factor * slack).max(LEAST)).collect()
    }

    /// The spectral radius of F_μ by Lanczos; its approximate Perron vector is left in `self.last`.
    fn perron(&mut self, kernel: Kernel, beta: f64, target: f64, search: &mut Search) -> f64 {
        let mut krylov = Krylov::new(self.last.clone());
        let mut best = None;
        while search.may_iterate() && !krylov.is_exhausted() {
            let image = self.apply(kernel, beta, krylov.last(), search);
            krylov.push(&image);
            best = krylov.ritz();
            let converged =
                |ritz: &Ritz| ritz.residual <= 0.1 * target.max(0.3 * (ritz.value - 1.0).abs());
            if best.as_ref().is_none_or(converged) {
                break;
            }
        }
        let Some(ritz) = best else { return 1.0 };
        self.last = krylov.vector(&ritz);
        ritz.value
    }
}

/// No Perron vector is aimed at more closely: Lanczos would spend all its iterations on rounding. The
/// enclosures, whose error is quadratic, are narrower by far.
const FINEST: f64 = 2e-9;
/// Side of a Gram matrix up to which further attempts cost next to nothing.
const CHEAP: usize = 1024;
/// By how much F_μ(m) may exceed m before the first certificate.
const SETTLED: f64 = 0.1;
/// Attempts at that.
const RAISES: usize = 60;
/// Raised blocks feed each other: going further than the last image asks saves iterations.
const OVERSHOOT: f64 = 3.0;

/// e_1: the top eigenvector of H.
pub(super) fn first(rank: usize) -> Vec<f64> {
    let mut direction = vec![0.0; rank];
    direction[0] = 1.0;
    direction
}

/// Certificates tried in a row, each from the image that the one before computed.
const CORRECTIONS: usize = 3;
