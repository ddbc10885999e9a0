//! Inputs with what is constant taken out: x = b·1 + s, with s sparse.
//!
//! b is the *background*, the value that most entries share: 0 for images in [0, 1], −0.42 for
//! standardised MNIST. Its part of every product has rank one and is kept apart, so that only the
//! entries of s cost anything.

mod order;
mod patterns;
mod sample_stats;
mod sparse_inputs;

pub(super) use patterns::{Patterns, Values, WORD};
pub(super) use sample_stats::SampleStats;
pub use sparse_inputs::SparseInputs;
