//! Weights by pixel: best while many hidden units are active.
//!
//! All hidden units are computed together, 128 at a time, and only the nonzero pixels cost anything: two
//! multiply-adds for each of them and each hidden unit.

mod backward;
mod batch_patterns;
mod deferred;
mod forward;
mod merge_offset;
mod moving;
mod outputs;
mod pair;
mod pixel_major;
mod tiles;
mod update;
mod velocity;
mod workspace;

pub(super) use pixel_major::PixelMajor;
