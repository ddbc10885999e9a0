//! The vector operations.

use super::super::block::Block;

/// The few vector operations that the kernels need.
pub(in super::super) trait Simd: Copy {
    /// Sixteen `f32` in registers.
    type V: Copy;

    fn load(self, from: &Block) -> Self::V;
    fn store(self, v: Self::V, to: &mut Block);
    fn splat(self, x: f32) -> Self::V;
    /// a·b + c.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// max(v, 0).
    fn relu(self, v: Self::V) -> Self::V;
    /// v where `gate` > 0, 0 elsewhere.
    fn where_positive(self, v: Self::V, gate: Self::V) -> Self::V;
    /// Bit j says a_j ≥ b_j.
    fn at_least(self, a: Self::V, b: Self::V) -> u16;
    /// |v|.
    fn abs(self, v: Self::V) -> Self::V;
    /// a where the bit is set, b elsewhere.
    fn select(self, bits: u16, a: Self::V, b: Self::V) -> Self::V;
    /// Sum of the lanes.
    fn sum(self, v: Self::V) -> f32;
}
