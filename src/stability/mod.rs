//! Step sizes at which SGD is stable at an interpolating minimum, from its Gram matrix alone.
//!
//! Sources: \[M\] Mulayoff & Michaeli, COLT 2024 (arXiv 2306.07850); \[D\] Dexter et al., ICLR 2024
//! (arXiv 2401.12332); \[C\] Chemnitz & Engel, JMLR 26(134), 2025 (arXiv 2407.20209).
//!
//! | module | |
//! |---|---|
//! | [`thresholds`] | the entry point: every exact threshold and bound of one minimum |
//! | [`spectrum`] | the eigendecomposition of G, on which the exact ones rest |
//! | [`solver`] | the generalized sharpness λ_max(C†D), with η*_var = 2/λ_max(C†D), and its proof |
//! | [`bounds`] | cheaper bounds on it: \[M\] (17), (18), (27), one step, \[D\]'s coherence |
//! | [`linearised`] | linearised SGD itself: one walk of it, in coordinates of the range of H |
//! | [`almost_sure`] | λ, its Lyapunov exponent by simulation, and η*_as, where λ turns positive |
//! | [`epoch_moment`] | η*_var of shuffled epochs, exactly, where the samples are few |
//! | [`simulated_mean_square`] | η*_var by simulation, for processes such as shuffled epochs |
//! | [`side`] | on which side of a threshold a step size is |
//! | [`second_moment`] | E θθᵀ of small problems step by step, and where it comes to rest |

pub mod almost_sure;
pub mod bounds;
pub mod epoch_moment;
mod finite;
pub mod linearised;
pub mod second_moment;
pub mod side;
pub mod simulated_mean_square;
pub mod solver;
pub mod spectrum;
pub mod thresholds;
