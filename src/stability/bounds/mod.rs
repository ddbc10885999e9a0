//! Bounds on the generalized sharpness λ_max(C†D) that need no solver.

pub mod coherence;
pub mod one_step;
pub mod rank_one;
pub mod rayleigh;
