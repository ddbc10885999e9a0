//! The best enclosure found so far, and what it has cost.

use super::certificate::Enclosure;
use super::radius_bounds::RadiusBounds;
use super::solution::{GeneralizedSharpness, SolverOptions, Status, first};
use crate::stability::spectrum::Spectrum;

/// Most certificates in one attempt.
const CERTIFICATES: usize = 6;

/// The search for one generalized sharpness: its best enclosure and its budget.
pub struct Search {
    options: SolverOptions,
    /// λ_1, the unit of certificates.
    unit: f64,
    /// The best that the certificates have proved.
    pub found: GeneralizedSharpness,
    /// Approximately the top eigenvector of the maximiser X of the best value.
    pub direction: Vec<f64>,
    /// Iterations and certificates of earlier attempts.
    used: (usize, usize),
}

impl Search {
    /// Knows only that λ_max(C†D) ≥ 0.
    pub fn new(options: SolverOptions, spectrum: &Spectrum) -> Self {
        let found = GeneralizedSharpness {
            value: 0.0,
            lower: 0.0,
            upper: f64::INFINITY,
            effective_rank: 1.0,
            status: Status::WiderThanTolerance,
            iterations: 0,
            certificates: 0,
        };
        Self {
            options,
            unit: spectrum.sharpness(),
            found,
            direction: first(spectrum.rank()),
            used: (0, 0),
        }
    }

    /// Allows as many iterations and certificates again as at the beginning.
    pub fn extend_budget(&mut self) {
        self.used = (self.found.iterations, self.found.certificates);
    }

    /// Whether the enclosure is wider than the tolerance.
    pub fn is_wide(&self) -> bool {
        self.found.status != Status::Converged
    }

    /// Whether another certificate is needed and allowed.
    pub fn may_certify(&self) -> bool {
        self.is_wide() && self.found.certificates < self.used.1 + CERTIFICATES
    }

    /// Whether the inner map may be applied once more.
    pub fn may_iterate(&self) -> bool {
        self.found.iterations < self.used.0 + self.options.max_iterations
    }

    /// For `ETASTAR_LOG=debug`.
    pub fn log(&self, enclosure: &Enclosure) {
        let Enclosure { value, lower, upper, .. } = enclosure;
        let [value, lower, upper] = [value, lower, upper].map(|end| end * self.unit);
        let found = &self.found;
        tracing::debug!(
            "certificate {} after {} iterations: {value} in [{lower}, {upper}]",
            found.certificates,
            found.iterations,
        );
    }

    /// Keeps the value of the last bounds, and what they prove of the ends; all in units of λ_1.
    pub fn record_radius(
        &mut self,
        value: f64,
        ends: (Option<f64>, Option<f64>),
        bounds: RadiusBounds,
    ) {
        /// For the multiplication by λ_1 and for w/λ_1.
        const MARGIN: f64 = 16.0 * f64::EPSILON;
        let found = &mut self.found;
        if let Some(lower) = ends.0 {
            found.lower = found.lower.max(lower * self.unit * (1.0 - MARGIN));
        }
        if let Some(upper) = ends.1 {
            found.upper = found.upper.min(upper * self.unit * (1.0 + MARGIN));
        }
        found.value = (value * self.unit).min(found.upper).max(found.lower);
        found.effective_rank = bounds.effective_rank;
        self.direction = bounds.direction;
        found.certificates += 1;
        if found.relative_width() <= self.options.tolerance {
            found.status = Status::Converged;
        }
        tracing::debug!(
            "certificate {} after {} iterations: {} in [{}, {}], radius {} in [{}, {}]",
            found.certificates,
            found.iterations,
            found.value,
            found.lower,
            found.upper,
            bounds.rayleigh,
            bounds.lower,
            bounds.upper,
        );
    }

    /// The generalized sharpness is at least `lower`, in units of λ_1.
    pub fn raise_lower(&mut self, lower: f64) {
        self.found.lower = self.found.lower.max(lower * self.unit);
        self.found.value = self.found.value.max(self.found.lower);
    }

    /// The requested relative width.
    pub fn tolerance(&self) -> f64 {
        self.options.tolerance
    }

    /// Keeps what is better than the best so far.
    pub fn record(&mut self, enclosure: &Enclosure) {
        let found = &mut self.found;
        if enclosure.value * self.unit > found.value {
            found.value = enclosure.value * self.unit;
            found.effective_rank = enclosure.effective_rank;
            self.direction.clone_from(&enclosure.direction);
        }
        found.lower = found.lower.max(enclosure.lower * self.unit);
        found.upper = found.upper.min(enclosure.upper * self.unit);
        found.certificates += 1;
        if found.relative_width() <= self.options.tolerance {
            found.status = Status::Converged;
        }
    }
}
