//! Plain arrays: for every processor, and the reference for the other sets.

use super::super::block::{Block, LANES};
use super::vector::Simd;

/// Whatever the compilation target guarantees. Multiplication and addition round separately: without
/// the instruction, a fused operation is a slow library call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portable;

impl Simd for Portable {
    type V = [f32; LANES];

    #[inline(always)]
    fn load(self, from: &Block) -> Self::V {
        from.0
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut Block) {
        to.0 = v;
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        [x; LANES]
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|j| a[j] * b[j] + c[j])
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|j| a[j] + b[j])
    }

    #[inline(always)]
    fn relu(self, v: Self::V) -> Self::V {
        v.map(|x| if x > 0.0 { x } else { 0.0 })
    }

    #[inline(always)]
    fn where_positive(self, v: Self::V, gate: Self::V) -> Self::V {
        std::array::from_fn(|j| if gate[j] > 0.0 { v[j] } else { 0.0 })
    }

    #[inline(always)]
    fn at_least(self, a: Self::V, b: Self::V) -> u16 {
        (0..LANES).fold(0, |bits, j| bits | (u16::from(a[j] >= b[j]) << j))
    }

    #[inline(always)]
    fn abs(self, v: Self::V) -> Self::V {
        v.map(f32::abs)
    }

    #[inline(always)]
    fn select(self, bits: u16, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|j| if bits >> j & 1 == 1 { a[j] } else { b[j] })
    }

    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        let eight: [f32; 8] = std::array::from_fn(|j| v[j] + v[j + 8]);
        let four: [f32; 4] = std::array::from_fn(|j| eight[j] + eight[j + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    }
}
