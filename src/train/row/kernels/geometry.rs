//! Sizes and offsets of a launch.

use cubecl::prelude::*;

/// Sizes, and the offsets of two batches in the list of sample indices.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub struct Geometry {
    /// R.
    pub runs: u32,
    /// f.
    pub features: u32,
    /// h/N: vectors of hidden units.
    pub units: u32,
    /// Offset of the last batch's first sample.
    pub last: u32,
    /// Offset of the next batch's first sample.
    pub next: u32,
}
