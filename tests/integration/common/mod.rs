//! What the tests share.

pub mod adapter;
pub mod config;
#[cfg(unix)]
pub mod fake_slurm;
pub mod fixtures;
pub mod optimizers;
pub mod permutations;
pub mod problems;
pub mod program;
pub mod random;
pub mod weights;
