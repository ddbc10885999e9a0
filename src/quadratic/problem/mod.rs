//! Synthetic problems: Hessians and gradients of all samples at the minimum θ = 0.

mod build;
mod dexter_family;
mod normal;

pub use build::{Problem, dexter_rows};
pub use dexter_family::DexterFamily;
pub(super) use normal::normal;
