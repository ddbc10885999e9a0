//! NEON: four registers a block. Every AArch64 processor has it.

use std::arch::aarch64::*;

use super::super::block::{Block, LANES};
use super::vector::Simd;

/// NEON with fused multiply-add, part of every AArch64 target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neon;

// SAFETY (of every block below): this file is compiled for AArch64 only, whose baseline has NEON, and a
// `Block` is 16 readable and writable floats.
impl Simd for Neon {
    type V = [float32x4_t; 4];

    #[inline(always)]
    fn load(self, from: &Block) -> Self::V {
        // SAFETY: see above; 4·j + 4 ≤ 16.
        std::array::from_fn(|j| unsafe { vld1q_f32(from.0.as_ptr().add(4 * j)) })
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut Block) {
        for (j, quarter) in v.into_iter().enumerate() {
            // SAFETY: see above; 4·j + 4 ≤ 16.
            unsafe { vst1q_f32(to.0.as_mut_ptr().add(4 * j), quarter) };
        }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        // SAFETY: see above.
        [unsafe { vdupq_n_f32(x) }; 4]
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: see above.
        std::array::from_fn(|j| unsafe { vfmaq_f32(c[j], a[j], b[j]) })
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: see above.
        std::array::from_fn(|j| unsafe { vaddq_f32(a[j], b[j]) })
    }

    #[inline(always)]
    fn relu(self, v: Self::V) -> Self::V {
        // SAFETY: see above; unlike `vmaxq`, `vmaxnmq` gives 0 for a NaN as the other sets do.
        v.map(|quarter| unsafe { vmaxnmq_f32(quarter, vdupq_n_f32(0.0)) })
    }

    #[inline(always)]
    fn where_positive(self, v: Self::V, gate: Self::V) -> Self::V {
        // SAFETY: see above.
        std::array::from_fn(|j| unsafe {
            let keep = vcgtzq_f32(gate[j]);
            vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v[j]), keep))
        })
    }

    #[inline(always)]
    fn at_least(self, a: Self::V, b: Self::V) -> u16 {
        let (mut x, mut y) = (Block::ZERO, Block::ZERO);
        self.store(a, &mut x);
        self.store(b, &mut y);
        (0..LANES).fold(0, |bits, j| bits | (u16::from(x.0[j] >= y.0[j]) << j))
    }

    #[inline(always)]
    fn abs(self, v: Self::V) -> Self::V {
        // SAFETY: see above.
        v.map(|quarter| unsafe { vabsq_f32(quarter) })
    }

    #[inline(always)]
    fn select(self, bits: u16, a: Self::V, b: Self::V) -> Self::V {
        let (mut x, mut y) = (Block::ZERO, Block::ZERO);
        self.store(a, &mut x);
        self.store(b, &mut y);
        self.load(&Block(std::array::from_fn(|j| if bits >> j & 1 == 1 { x.0[j] } else { y.0[j] })))
    }

    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        // SAFETY: see above.
        unsafe { vaddvq_f32(vaddq_f32(vaddq_f32(v[0], v[2]), vaddq_f32(v[1], v[3]))) }
    }
}
