//! The Lyapunov exponent λ of linearised SGD, which decides whether it returns to a minimum almost surely
//! (\[C\]).
//!
//! λ = lim (1/t) log ‖(I − ηH_{B_t}) ⋯ (I − ηH_{B_1})‖. SGD can converge to a regular minimum if
//! λ < 0 and cannot if λ > 0 (\[C\] Thm A and B). With momentum the product is that of the steps of the pair (θ, u)
//! of position and velocity. Mean-square stability implies λ ≤ 0, by Jensen's
//! inequality: λ ≤ ½ log ρ(Q(η)). The converse fails.
//!
//! Source: \[C\] Chemnitz & Engel, JMLR 26(134), 2025 (arXiv 2407.20209).

mod decay_bound;
mod directions;
mod estimate;
pub mod exponent;
pub mod finite_time;
pub mod full_batch;
mod linearised_sgd;
mod measured_block;
pub mod regularity;
pub mod threshold;

pub use decay_bound::DecayBound;
pub use exponent::{ExponentOptions, LyapunovError, LyapunovExponent, lyapunov};
pub use linearised_sgd::{ExponentAt, LinearisedSgd};
pub use regularity::{Violation, violations};
pub use threshold::{AlmostSureThreshold, Start, eta_as};
