//! What the tests share.

pub mod adapter;
pub mod config;
pub mod permutations;
pub mod program;
