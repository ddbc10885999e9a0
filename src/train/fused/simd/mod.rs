//! Sixteen-lane arithmetic, once for every instruction set.
//!
//! A kernel is written once, generic over [`Simd`], and compiled for every set by
//! [`kernel!`](super::isa::kernel). A value of an implementing type is the proof that this machine has its
//! instructions: only [`Isa`](super::isa::Isa) makes one, after asking the processor.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

#[cfg(target_arch = "aarch64")]
pub(super) use neon::Neon;
pub(super) use portable::Portable;
#[cfg(target_arch = "x86_64")]
pub(super) use {avx2::Avx2, avx512::Avx512};

use super::block::Block;

/// The few vector operations that the kernels need.
pub(super) trait Simd: Copy {
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

#[cfg(test)]
mod tests {
    use super::super::isa::{Isa, kernel};
    use super::*;

    kernel! {
        /// Every operation on small whole numbers, where no set may round.
        fn everything(a: &Block, b: &Block, bits: u16) -> (Vec<Block>, u16, f32) = body
    }

    #[inline(always)]
    fn body<S: Simd>(s: S, a: &Block, b: &Block, bits: u16) -> (Vec<Block>, u16, f32) {
        let (x, y) = (s.load(a), s.load(b));
        let results = [
            s.splat(a.0[0]),
            s.mul_add(x, y, s.splat(3.0)),
            s.add(x, y),
            s.relu(x),
            s.where_positive(x, y),
            s.abs(x),
            s.select(bits, x, y),
        ];
        let stored = results.map(|v| {
            let mut block = Block::ZERO;
            s.store(v, &mut block);
            block
        });
        (stored.to_vec(), s.at_least(x, y), s.sum(x))
    }

    proptest::proptest! {
        #[test]
        fn every_set_does_what_plain_arrays_do(
            a in proptest::array::uniform16(-9i8..9), b in proptest::array::uniform16(-9i8..9), bits: u16,
        ) {
            let [a, b] = [a, b].map(|values| Block(values.map(f32::from)));
            let expected = body(Portable, &a, &b, bits);
            for isa in Isa::available() {
                proptest::prop_assert_eq!(&everything(isa, &a, &b, bits), &expected, "{}", isa.name());
            }
        }
    }

    #[test]
    fn a_number_that_is_no_number_counts_as_off() {
        let nan = Block([f32::NAN; 16]);
        for isa in Isa::available() {
            let (results, at_least, _) = everything(isa, &nan, &nan, 0);
            assert_eq!((results[3], results[4], at_least), (Block::ZERO, Block::ZERO, 0));
        }
    }
}
