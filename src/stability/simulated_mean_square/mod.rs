//! Mean-square stability of any process, by simulation: the growth of E‖θ‖².
//!
//! Where batches are independent, one step multiplies the second moment M = E\[θθᵀ\] by a fixed
//! linear map, and η*_var is exact ([`thresholds`](crate::stability::thresholds)). The batches of a shuffled
//! epoch are not independent; only whole epochs are. One epoch maps
//!
//! M ↦ Φ_η(M) = E_π\[P_π M P_πᵀ\], P_π = (I − ηH_{B_m}) ⋯ (I − ηH_{B_1}) of the shuffle π,
//!
//! a mean over all n! shuffles (with momentum of the steps of position and velocity), for which no closed form is known. SGD is stable in mean square iff
//! ρ(Φ_η) ≤ 1; ρ is what a [`Population`] measures, and [`eta_var`] finds where it is 1.

mod population;
mod resampling;
mod threshold;

pub use population::{Population, Round};
pub(crate) use resampling::copy_counts;
pub use threshold::{
    PopulationOptions, SimulatedThreshold, SimulationError, eta_var, eta_var_of_epochs,
};
