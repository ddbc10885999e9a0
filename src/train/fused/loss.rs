//! Σ ℓ_i over all samples, a chunk at a time.

use super::problem::Problem;

/// Samples evaluated at a time.
pub(super) const CHUNK: usize = 64;

/// Σ ℓ_i, or `None` as soon as it is certain to exceed `limit`. `forward` leaves the outputs of some samples,
/// without their bias, in the slice it is given.
pub(super) fn sum_within(
    problem: &Problem,
    bias: &[f32],
    limit: f64,
    mut forward: impl FnMut(&[u32], &mut [f32]),
) -> Option<f64> {
    let samples: Vec<u32> = (0..problem.inputs().samples() as u32).collect();
    let mut out = vec![0.0; CHUNK * problem.outputs()];
    let mut sum = 0.0;
    for batch in samples.chunks(CHUNK) {
        let out = &mut out[..batch.len() * problem.outputs()];
        forward(batch, out);
        sum += problem.residuals(batch, bias, out);
        if sum > limit {
            return None;
        }
    }
    Some(sum)
}
