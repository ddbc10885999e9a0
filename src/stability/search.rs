//! What one search for a generalized sharpness has found and spent so far.

use super::{
    certificate::Enclosure,
    generalized_sharpness::{Effort, GeneralizedSharpness, Status, first},
    spectrum::Spectrum,
};

/// Certificates tried at most in one attempt.
const CERTIFICATES: usize = 6;

/// The tightest ends so far.
pub struct Search {
    effort: Effort,
    unit: f64,
    /// The best of what the certificates proved.
    pub found: GeneralizedSharpness,
    /// About the top eigenvector of the maximiser X that the best value is of.
    pub direction: Vec<f64>,
    /// Iterations and certificates of earlier attempts.
    spent: (usize, usize),
}

impl Search {
    /// Nothing is known; λ_max(C†D) ≥ 0.
    pub fn new(effort: Effort, spectrum: &Spectrum) -> Self {
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
            effort,
            unit: spectrum.sharpness(),
            found,
            direction: first(spectrum.rank()),
            spent: (0, 0),
        }
    }

    /// Allows as much again as at the beginning; what was found stays.
    pub fn renew(&mut self) {
        self.spent = (self.found.iterations, self.found.certificates);
    }

    /// Whether the ends are further apart than asked for.
    pub fn is_wide(&self) -> bool {
        self.found.status != Status::Converged
    }

    /// Whether another certificate is wanted and allowed.
    pub fn goes_on(&self) -> bool {
        self.is_wide() && self.found.certificates < self.spent.1 + CERTIFICATES
    }

    /// Whether the inner precision may be applied once more.
    pub fn may_iterate(&self) -> bool {
        self.found.iterations < self.spent.0 + self.effort.max_iterations
    }

    /// For `ETASTAR_LOG=debug`.
    pub fn tell(&self, enclosure: &Enclosure) {
        let Enclosure { value, lower, upper, .. } = enclosure;
        let [value, lower, upper] = [value, lower, upper].map(|end| end * self.unit);
        let found = &self.found;
        tracing::debug!(
            "certificate {} after {} iterations: {value} in [{lower}, {upper}]",
            found.certificates,
            found.iterations,
        );
    }

    /// Takes over what is better than what was known.
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
        if found.relative_width() <= self.effort.tolerance {
            found.status = Status::Converged;
        }
    }
}
