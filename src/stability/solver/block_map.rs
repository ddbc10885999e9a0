//! The linear map on n symmetric q × q blocks to which the generalized sharpness reduces.
//!
//! With K = V Λ Vᵀ, the pencil D − μC of \[M\] Thm 5 is, for W ∈ Sym(nq) on range(K),
//!   α W + βn Bd(W) = (μ/2)(W K⁻¹ + K⁻¹ W),
//! where Bd keeps the n diagonal q × q blocks. For μ > αλ_1 the part without Bd is inverted entry
//! by entry in the eigenbasis, by κ_ab = 1/(μ(1/λ_a + 1/λ_b)/2 − α), and only m = Bd(W) remains:
//!   F_μ(m) = βn Bd(V [κ ∘ (Vᵀ m V)] Vᵀ).
//! κ = ∫₀^∞ e^{ατ} e^{−τμ/2λ_a} e^{−τμ/2λ_b} dτ is a positive semidefinite kernel, so F_μ maps blocks
//! ⪰ 0 to blocks ⪰ 0; as κ > 0 entrywise, F_μ is a symmetric positive semidefinite operator too.

use super::blocks::Blocks;
use crate::optimizer::Kernel;

/// A way to apply F_μ, up to the factor βn.
pub trait BlockMap {
    /// w = Bd(V [κ ∘ (VᵀmV)] Vᵀ).
    fn apply(&mut self, m: &Blocks, kernel: Kernel) -> Blocks;
    /// ‖κ ∘ (VᵀmV)‖_F², which is ∂⟨m, w⟩/∂α.
    fn alpha_derivative(&mut self, m: &Blocks, kernel: Kernel) -> f64;
    /// Switches to a more accurate computation and returns true, or returns false if there is none.
    fn increase_accuracy(&mut self) -> bool {
        false
    }
}
