//! Step sizes at which SGD is stable at an interpolating minimum, from its Gram matrix alone.
//!
//! Sources: \[M\] Mulayoff & Michaeli, COLT 2024 (arXiv 2306.07850); \[D\] Dexter et al., ICLR 2024
//! (arXiv 2401.12332).
//!
//! [`thresholds`] is the entry point; [`bounds`] has what is cheap without an eigendecomposition.

pub mod accelerator;
pub(crate) mod block_map;
pub(crate) mod blocks;
pub mod bounds;
pub(crate) mod certificate;
pub mod coherence;
pub(crate) mod correction;
pub(crate) mod dense;
pub(crate) mod explicit;
pub(crate) mod exponentials;
pub mod generalized_sharpness;
pub(crate) mod iteration;
pub(crate) mod krylov;
pub(crate) mod lanczos;
pub(crate) mod layout;
pub mod lyapunov;
pub mod moment;
pub mod noise;
pub mod one_step;
pub mod rank_one;
pub(crate) mod search;
pub mod second_moment;
pub mod spectrum;
pub mod stationary;
pub mod thresholds;
