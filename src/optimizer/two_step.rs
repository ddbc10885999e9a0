//! Methods whose position obeys a two-step recurrence with one damping for all directions.

use super::terms::Terms;

/// 1/g_ab of θ_{k+1} = c_aθ_k − dθ_{k−1}, where c_a = 1 + d − e_a and g_ab = Σ_k h_a(k)h_b(k):
///   (1 − d)(e_a + e_b) − (1 − d)/(1 + d) e_ae_b + d(e_a − e_b)²/(1 − d²).
///
/// From 1/g_ab = 1 − d² − (c_a − dc_b)(c_b − dc_a)/(1 − d²), without its cancellation for small e.
pub fn inverse_gramian(d: f64, a: f64, b: f64) -> Terms {
    Terms::of((1.0 - d) * (a + b))
        + Terms::of(-(1.0 - d) / (1.0 + d) * a * b)
        + Terms::of(d * (a - b) * (a - b) / ((1.0 - d) * (1.0 + d)))
}
