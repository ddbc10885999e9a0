//! Where a launch finds its batches, and the sizes that all kernels share.

use burn::cubecl;
use burn::cubecl::prelude::*;

/// Sizes, and the places of two batches in the list of sample indices.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub struct Place {
    /// R.
    pub runs: u32,
    /// f.
    pub features: u32,
    /// h/N: vectors of hidden units.
    pub units: u32,
    /// Index of the last batch's first sample.
    pub last: u32,
    /// Index of the next batch's first sample.
    pub next: u32,
}
