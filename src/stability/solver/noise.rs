//! λ_max(C†E) and the batch size at which noise stops mattering (\[M\] Prop 8).

use super::newton::Solver;
use super::solution::SolverOptions;
use crate::process::Coefficients;

/// E = (1/n) Σ (H_i − H)⊗(H_i − H) = (1/n) Σ H_i⊗H_i − H⊗H.
const NOISE: Coefficients = Coefficients { alpha: -1.0, beta: 1.0 };

/// λ_max(C†E) ≥ 0, in the units of λ_1: a Rayleigh quotient converged to about the square of the
/// tolerance.
pub fn noise_sharpness(solver: &mut Solver<'_>, options: SolverOptions) -> f64 {
    // Zero where all H_i are equal, rounding aside.
    solver.estimate(NOISE, options).max(0.0)
}

/// The least B with B ≥ ((1 − ε)/ε) λ_max(C†E)/λ_1, which implies (1 − ε) η*_mean ≤ η*_var
/// (\[M\] Prop 8, sampling without replacement); at most n, where they are equal.
///
/// None unless 0 < `epsilon` ≤ 1.
pub fn sufficient_batch_size(
    noise_sharpness: f64,
    sharpness: f64,
    epsilon: f64,
    samples: usize,
) -> Option<usize> {
    if !(epsilon > 0.0 && epsilon <= 1.0) {
        return None;
    }
    let least = (1.0 - epsilon) / epsilon * noise_sharpness / sharpness;
    Some((least.ceil().min(samples as f64) as usize).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tighter_epsilon_needs_a_larger_batch() {
        assert_eq!(sufficient_batch_size(6.0, 2.0, 0.5, 100), Some(3));
        assert_eq!(sufficient_batch_size(6.0, 2.0, 0.1, 100), Some(27));
        assert_eq!(sufficient_batch_size(6.0, 2.0, 1e-9, 100), Some(100));
        assert_eq!(sufficient_batch_size(6.0, 2.0, 1.0, 100), Some(1));
        assert_eq!(sufficient_batch_size(6.0, 2.0, 0.0, 100), None);
        assert_eq!(sufficient_batch_size(6.0, 2.0, f64::NAN, 100), None);
    }
}
