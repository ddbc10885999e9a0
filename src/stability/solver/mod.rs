//! The exact mean-square threshold: the generalized sharpness λ_max(C†D) with a proved enclosure.
//!
//! [`Solver`] (in `newton`) finds it by Newton's method and Lanczos, `correction` improves its vector,
//! and `certificate` proves both ends. The map that is iterated, F_μ of `block_map`, is applied by
//! dense products (`dense_map`), as an explicit matrix (`explicit_map`) or on an [`accelerator`];
//! `inner_map` chooses.

pub mod accelerator;
pub(crate) mod block_map;
pub(crate) mod blocks;
pub(crate) mod certificate;
pub(crate) mod correction;
pub(crate) mod crossing;
pub(crate) mod dense_map;
pub(crate) mod explicit_map;
pub(crate) mod exponentials;
pub(crate) mod factored_map;
pub(crate) mod inner_map;
pub(crate) mod newton;
pub mod noise;
pub(crate) mod packing;
pub(crate) mod radius_bounds;
pub(crate) mod scale;
pub(crate) mod search;
pub(crate) mod solution;

pub use newton::Solver;
pub use solution::{GeneralizedSharpness, Solution, SolverOptions, Status};
