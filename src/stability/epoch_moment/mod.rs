//! Mean-square stability of shuffled epochs, exactly, where the samples are few.
//!
//! One epoch maps the second moment M = E\[θθᵀ\] to Φ_η(M), the mean of P_π M P_πᵀ over all n! shuffles π
//! (see [`simulated_mean_square`](super::simulated_mean_square)). What the batches so far did depends on
//! their order, but what the next one may be depends on their samples only. So with F_∅ = M and
//!
//! F_T = mean over all b ⊂ T of batch size of (I − ηH_b) F_{T∖b} (I − ηH_b),
//!
//! the mean over the orders in which the samples of T can have come, Φ_η(M) is F of all samples: at most 2ⁿ
//! matrices instead of n! products. With momentum M is that of position and velocity, and I − ηH_b the matrix of
//! a step of both. η*_var is where the spectral radius of Φ_η rises through 1.

mod operator;
mod step;
mod subsets;
mod threshold;

pub use operator::EpochMoment;
pub use threshold::{ExactThreshold, NoThreshold};
