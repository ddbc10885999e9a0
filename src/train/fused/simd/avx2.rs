//! AVX2 with FMA: two registers a block.

use std::arch::x86_64::*;

use super::super::block::Block;
use super::vector::Simd;

/// Proof of AVX2 and FMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx2(());

impl Avx2 {
    /// The proof, where the processor has both.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

// SAFETY (of every block below): `self` is the proof that the processor has the instructions, and a
// `Block` is 64 readable and writable bytes aligned to 64.
impl Simd for Avx2 {
    type V = [__m256; 2];

    #[inline(always)]
    fn load(self, from: &Block) -> Self::V {
        let p = from.0.as_ptr();
        // SAFETY: see above; the second half starts 8 floats on.
        unsafe { [_mm256_load_ps(p), _mm256_load_ps(p.add(8))] }
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut Block) {
        let p = to.0.as_mut_ptr();
        // SAFETY: see above; the second half starts 8 floats on.
        unsafe {
            _mm256_store_ps(p, v[0]);
            _mm256_store_ps(p.add(8), v[1]);
        }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        // SAFETY: see above.
        unsafe { [_mm256_set1_ps(x); 2] }
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: see above.
        unsafe { [_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])] }
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: see above.
        unsafe { [_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn relu(self, v: Self::V) -> Self::V {
        // SAFETY: see above.
        unsafe {
            let zero = _mm256_setzero_ps();
            [_mm256_max_ps(v[0], zero), _mm256_max_ps(v[1], zero)]
        }
    }

    #[inline(always)]
    fn where_positive(self, v: Self::V, gate: Self::V) -> Self::V {
        // SAFETY: see above.
        unsafe {
            let zero = _mm256_setzero_ps();
            let keep = [
                _mm256_cmp_ps::<_CMP_GT_OQ>(gate[0], zero),
                _mm256_cmp_ps::<_CMP_GT_OQ>(gate[1], zero),
            ];
            [_mm256_and_ps(v[0], keep[0]), _mm256_and_ps(v[1], keep[1])]
        }
    }

    #[inline(always)]
    fn at_least(self, a: Self::V, b: Self::V) -> u16 {
        // SAFETY: see above.
        let [low, high] = unsafe {
            [
                _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(a[0], b[0])),
                _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(a[1], b[1])),
            ]
        };
        (low | (high << 8)) as u16
    }

    #[inline(always)]
    fn abs(self, v: Self::V) -> Self::V {
        // SAFETY: see above.
        unsafe {
            let sign = _mm256_set1_ps(-0.0);
            [_mm256_andnot_ps(sign, v[0]), _mm256_andnot_ps(sign, v[1])]
        }
    }

    #[inline(always)]
    fn select(self, bits: u16, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: see above.
        unsafe {
            let lanes = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let pick = |bits: u16, a, b| {
                let set = _mm256_and_si256(_mm256_set1_epi32(i32::from(bits)), lanes);
                _mm256_blendv_ps(b, a, _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, lanes)))
            };
            [pick(bits, a[0], b[0]), pick(bits >> 8, a[1], b[1])]
        }
    }

    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        // SAFETY: see above.
        unsafe { sum8(_mm256_add_ps(v[0], v[1])) }
    }
}

/// Sum of eight lanes as a balanced tree.
///
/// # Safety
/// The processor has AVX.
#[inline(always)]
pub(super) unsafe fn sum8(v: __m256) -> f32 {
    // SAFETY: as the caller promises.
    unsafe {
        let four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    }
}
