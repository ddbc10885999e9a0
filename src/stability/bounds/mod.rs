//! Bounds on the generalized sharpness λ_max(C†D) that need no solver.

pub mod coherence;
pub(crate) mod low_rank;
pub mod minimum_bounds;
pub mod of_kernel;
pub mod one_step;
pub mod rank_one;
pub mod rayleigh;
