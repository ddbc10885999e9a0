//! Weights by hidden unit: best once few hidden units are active.
//!
//! A hidden unit that is active in a sample costs the lines of sixteen inputs in which the sample is not all
//! background. Units that [`bounds`] shows to be inactive are skipped.

mod activations;
mod backward;
mod bounds;
mod forward;
mod merge_offset;
mod moving;
mod rows;
mod unit_major;
mod velocity;

pub(super) use unit_major::UnitMajor;
