//! AVX-512: one register a block.

use std::arch::x86_64::*;

use super::super::block::Block;
use super::avx2::sum8;
use super::vector::Simd;

/// Proof of AVX-512 F, BW, DQ and VL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx512(());

impl Avx512 {
    /// The proof, where the processor has all four.
    pub fn detect() -> Option<Self> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        all.then_some(Self(()))
    }
}

// SAFETY (of every block below): `self` is the proof that the processor has the instructions, and a
// `Block` is 64 readable and writable bytes aligned to 64.
impl Simd for Avx512 {
    type V = __m512;

    #[inline(always)]
    fn load(self, from: &Block) -> Self::V {
        // SAFETY: see above.
        unsafe { _mm512_load_ps(from.0.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut Block) {
        // SAFETY: see above.
        unsafe { _mm512_store_ps(to.0.as_mut_ptr(), v) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        // SAFETY: see above.
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: see above.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: see above.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn relu(self, v: Self::V) -> Self::V {
        // SAFETY: see above.
        unsafe { _mm512_max_ps(v, _mm512_setzero_ps()) }
    }

    #[inline(always)]
    fn where_positive(self, v: Self::V, gate: Self::V) -> Self::V {
        // SAFETY: see above.
        unsafe {
            _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(gate, _mm512_setzero_ps()), v)
        }
    }

    #[inline(always)]
    fn at_least(self, a: Self::V, b: Self::V) -> u16 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, b) }
    }

    #[inline(always)]
    fn abs(self, v: Self::V) -> Self::V {
        // SAFETY: see above.
        unsafe { _mm512_abs_ps(v) }
    }

    #[inline(always)]
    fn select(self, bits: u16, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: see above.
        unsafe { _mm512_mask_blend_ps(bits, b, a) }
    }

    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        // SAFETY: see above.
        unsafe { sum8(_mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps::<1>(v))) }
    }
}
