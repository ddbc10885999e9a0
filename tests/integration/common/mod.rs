//! What the tests share.

pub mod adapter;
pub mod config;
pub mod fixtures;
pub mod permutations;
pub mod program;
pub mod random;
pub mod weights;
