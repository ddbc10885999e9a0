//! The scale at which the block map of any optimizer has spectral radius 1, with a proved enclosure.
//!
//! For optimizers whose kernel is not that of plain SGD. λ_max(F_μ) falls as μ = 2/η grows, and the step size is
//! stable in mean square exactly where it is below 1 (`docs/momentum-theorem.md`). The upper end of the enclosure is
//! a scale at which λ_max < 1 is proved, the lower end one at which λ_max ≥ 1 is (see `radius_bounds`).

use super::newton::{CORRECTIONS, Solver};
use super::radius_bounds::RadiusBounds;
use super::search::Search;
use crate::optimizer::Kernel;
use crate::process::Coefficients;
use crate::stability::bounds::of_kernel::top_eigenvector_scale;
use crate::stability::bounds::rayleigh::relative_bound_17;

/// How far above the crossing stability is to be proved, in widths of the enclosure …
const ABOVE: f64 = 0.4;
/// … and how far below it instability, where no tangent proves it.
const BELOW: f64 = 0.3;

/// A hundred times the errors of single precision.
const SINGLE: f64 = 1e-4;

impl Solver<'_> {
    /// Certificates from Perron vectors found to within `target`.
    pub(super) fn attempt_crossing(
        &mut self,
        coefficients: Coefficients,
        target: f64,
        search: &mut Search,
    ) {
        let Coefficients { alpha, beta } = coefficients;
        let width = search.tolerance();
        self.record_full_batch(search);
        while search.may_certify() {
            self.move_into_interior();
            let mut root = self.positive_perron_vector(coefficients, target, search);
            for _ in 0..CORRECTIONS {
                let kernel = self.kernel(root * (1.0 + ABOVE * width), alpha);
                let bounds = self.radius_bounds(kernel, beta);
                let radius = bounds.rayleigh;
                self.learn_elasticity((root, 1.0), (kernel.scale, radius), SINGLE);
                if let Some(slope) = bounds.slope {
                    self.elasticity = slope * kernel.scale / radius;
                }
                root = self.next_scale(kernel.scale, radius);
                let image = bounds.image.clone();
                let proved = Self::record(kernel, root, bounds, search);
                if proved && search.may_certify() {
                    let pole = kernel.full_batch_scale();
                    // Close to the pole, halfway to it.
                    let below = (root * (1.0 - BELOW * width)).max(0.5 * (pole + root));
                    let below = self.kernel(below, alpha);
                    let bounds = self.radius_bounds(below, beta);
                    let other = (below.scale, bounds.rayleigh);
                    self.learn_elasticity((kernel.scale, radius), other, 1e-9);
                    root = self.next_scale(kernel.scale, radius);
                    Self::record(below, root, bounds, search);
                }
                if !search.may_certify() {
                    break;
                }
                let residual = 0.5 * ABOVE * width * self.elasticity.min(1.0);
                self.correct(&image, kernel, beta, residual, search);
            }
            if search.is_wide() && !search.may_certify() {
                self.widen(root, coefficients, search);
            }
        }
    }

    /// Proves farther and farther from the crossing at `root`, where the tolerance cannot be reached, until both
    /// ends are.
    fn widen(
        &mut self,
        root: f64,
        Coefficients { alpha, beta }: Coefficients,
        search: &mut Search,
    ) {
        /// The first distance, relative, and by what the next ones are farther.
        const FIRST: f64 = 1e-11;
        const FACTOR: f64 = 30.0;
        let pole = self.kernel(root, alpha).full_batch_scale();
        let first = FIRST.max(search.tolerance());
        for side in [1.0, -1.0] {
            let mut distance = first;
            while search.is_wide() && distance < 0.5 {
                let kernel = self.kernel(root * (1.0 + side * distance), alpha);
                let known = side > 0.0 && search.found.upper.is_finite();
                if known || kernel.scale <= pole {
                    break;
                }
                let bounds = self.radius_bounds(kernel, beta);
                let proved = if side > 0.0 { bounds.upper < 1.0 } else { bounds.lower >= 1.0 };
                Self::record(kernel, root, bounds, search);
                if proved {
                    break;
                }
                distance *= FACTOR;
            }
        }
    }

    /// Bounds at the Perron vector.
    fn radius_bounds(&self, kernel: Kernel, beta: f64) -> RadiusBounds {
        RadiusBounds::of(&self.exact, self.spectrum, kernel, beta, &self.perron_vector)
    }

    /// Newton's step for 1/radius, which is affine in μ where a pole decides, and exact to first order elsewhere.
    fn next_scale(&self, scale: f64, radius: f64) -> f64 {
        let pole = self.kernel(scale, 0.0).full_batch_scale();
        (scale * (1.0 + (radius - 1.0) / self.elasticity)).max(pole)
    }

    /// −d log radius/d log μ from two scales with their radii, if these differ by more than `errors`.
    fn learn_elasticity(&mut self, one: (f64, f64), other: (f64, f64), errors: f64) {
        let change = (one.1 / other.1).ln();
        let found = -change / (one.0 / other.0).ln();
        if change.abs() > errors && found.is_finite() && found > 0.0 {
            self.elasticity = found;
        }
    }

    /// Records what `bounds` at `kernel` prove, and returns whether that is stability.
    ///
    /// Below the scale of the full batch, where the Gramian diverges, the block map says nothing.
    fn record(kernel: Kernel, value: f64, bounds: RadiusBounds, search: &mut Search) -> bool {
        let stable = bounds.upper < 1.0 && kernel.scale > kernel.full_batch_scale();
        let ends = (bounds.unstable_scale(kernel.scale), stable.then_some(kernel.scale));
        search.record_radius(value, ends, bounds);
        stable
    }

    /// Full batches are unstable above η*_mean, and so are all others.
    fn record_full_batch(&self, search: &mut Search) {
        let (residual, skew) = (self.spectrum.residual(), self.spectrum.skewness());
        let drift = 2.0 * residual / self.spectrum.sharpness() + 4.0 * skew + 8.0 * f64::EPSILON;
        let scale = self.kernel(1.0, 0.0).full_batch_scale() * (1.0 - drift);
        search.raise_lower(scale);
    }

    /// The scale μ and the spectral radius of F_μ there, within about a tenth of `target` of 1; the Perron
    /// vector is left in `self.perron_vector`.
    ///
    /// Newton's method for 1/radius, which has a pole's inverse at η*_mean and is linear close to it.
    pub(super) fn crossing(
        &mut self,
        coefficients: Coefficients,
        target: f64,
        search: &mut Search,
    ) -> (f64, f64) {
        const STEPS: usize = 30;
        let Coefficients { alpha, beta } = coefficients;
        let (mut least, mut most) = (self.least_crossing(coefficients), f64::INFINITY);
        let (mut scale, mut radius) = (self.likely_crossing(coefficients).max(least), 1.0);
        let mut last = None;
        for _ in 0..STEPS {
            let kernel = self.kernel(scale, alpha);
            radius = self.spectral_radius(kernel, beta, target, search);
            if radius >= 1.0 {
                least = scale
            } else {
                most = scale
            }
            if let Some(last) = last.replace((scale, radius)) {
                self.learn_elasticity(last, (scale, radius), SINGLE);
            }
            let (so_far, elasticity) = (search.found.iterations, self.elasticity);
            tracing::debug!(
                "radius {radius} at scale {scale} after {so_far} iterations, elasticity {elasticity}"
            );
            let close = (radius - 1.0).abs() <= 0.1 * target * elasticity.min(1.0);
            if close || least >= most || !search.may_iterate() {
                break;
            }
            let next = self.next_scale(scale, radius);
            scale = if next > least && next < most { next } else { middle(least, most) };
        }
        (scale, radius)
    }

    /// The scale at which \[M\] (17), the quotient of the top eigenvector, is 1; just above the pole at η*_mean.
    fn least_crossing(&self, coefficients: Coefficients) -> f64 {
        let (vector, samples) = (self.spectrum.top_vector(), self.spectrum.samples());
        let Coefficients { alpha, .. } = coefficients;
        let noise = relative_bound_17(vector, samples, coefficients) - alpha;
        let kernel = self.kernel(1.0, alpha);
        let pole = kernel.full_batch_scale() * (1.0 + 1e-9);
        top_eigenvector_scale(kernel, noise).max(pole)
    }

    /// The scale at which noise of β λ_max(C†E) along the top eigenvector makes full batches unstable: an upper bound
    /// for heavy ball, and close to the crossing where B is small.
    fn likely_crossing(&self, Coefficients { beta, .. }: Coefficients) -> f64 {
        let Some(noise) = self.noise else { return 0.0 };
        top_eigenvector_scale(self.kernel(1.0, 1.0), beta * noise)
    }
}

/// Between two scales, the upper of which may be ∞.
fn middle(low: f64, high: f64) -> f64 {
    if high.is_finite() { 0.5 * (low + high) } else { 2.0 * low }
}
