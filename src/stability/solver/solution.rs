//! The options of the solver and its solution.

use serde::Serialize;

use crate::stability::finite::null_unless_finite;

/// How the solver ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The enclosure is within the tolerance.
    Converged,
    /// The enclosure is wider than the tolerance, and proved all the same.
    WiderThanTolerance,
}

/// λ_max(C†D) with its proved enclosure, in units of the Hessian's eigenvalues.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GeneralizedSharpness {
    /// The best Rayleigh quotient.
    pub value: f64,
    /// Proved lower end.
    pub lower: f64,
    /// Proved upper end (JSON null if nothing was proved).
    #[serde(serialize_with = "null_unless_finite")]
    pub upper: f64,
    /// (Tr X)²/‖X‖_F² of the maximiser X.
    #[serde(skip)]
    pub effective_rank: f64,
    /// Whether the tolerance was reached.
    #[serde(skip)]
    pub status: Status,
    /// Applications of the inner map.
    #[serde(skip)]
    pub iterations: usize,
    /// Applications in double precision, each of which proves an enclosure.
    #[serde(skip)]
    pub certificates: usize,
}

impl GeneralizedSharpness {
    /// (upper − lower)/value.
    pub fn relative_width(&self) -> f64 {
        (self.upper - self.lower) / self.value
    }
}

/// A generalized sharpness, and a direction from which to maximise the rank-one bound.
#[derive(Debug, Clone)]
pub struct Solution {
    /// λ_max(C†D).
    pub sharpness: GeneralizedSharpness,
    /// Approximately the top eigenvector of the maximiser X, in the eigenbasis of H.
    pub direction: Vec<f64>,
}

/// The accuracy of the solver and the limit of its iterations.
#[derive(Debug, Clone, Copy)]
pub struct SolverOptions {
    /// Relative width of the enclosure.
    pub tolerance: f64,
    /// Most applications of the inner map.
    pub max_iterations: usize,
}

impl Default for SolverOptions {
    fn default() -> Self {
        Self { tolerance: 1e-4, max_iterations: 1000 }
    }
}

/// e_1: the top eigenvector of H.
pub fn first(rank: usize) -> Vec<f64> {
    let mut direction = vec![0.0; rank];
    direction[0] = 1.0;
    direction
}
