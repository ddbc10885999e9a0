//! The second layer: W2 relu(z) for a batch.

use super::super::block::Strip;
use super::super::isa::kernel;
use super::super::simd::Simd;
use super::tiles::Tiles;

kernel! {
    /// W2 relu(`z[k]`) without the bias for the rows k = first…, `w2.rows()` numbers each, into `out`.
    fn outputs(w2: &Tiles, z: &Tiles, first: usize, out: &mut [f32]) = body
}

#[inline(always)]
fn body<S: Simd>(s: S, w2: &Tiles, z: &Tiles, first: usize, out: &mut [f32]) {
    for (k, out) in (first..).zip(out.chunks_mut(w2.rows())) {
        let mut o = 0;
        let mut fours = out.chunks_exact_mut(4);
        for four in &mut fours {
            four.copy_from_slice(&dots::<S, 4>(s, w2, z, k, o));
            o += 4;
        }
        for one in fours.into_remainder() {
            [*one] = dots::<S, 1>(s, w2, z, k, o);
            o += 1;
        }
    }
}

/// relu(`z[k]`)·`W2[o + i]` for i < N.
#[inline(always)]
fn dots<S: Simd, const N: usize>(s: S, w2: &Tiles, z: &Tiles, k: usize, o: usize) -> [f32; N] {
    // Two chains of sums each keep the adders busy.
    let mut sums = [[s.splat(0.0); N]; 2];
    for t in 0..z.count() {
        let weights: &[Strip] = &w2.tile(t)[o..o + N];
        for (j, z) in z.tile(t)[k].iter().enumerate() {
            let a = s.relu(s.load(z));
            for i in 0..N {
                sums[j % 2][i] = s.mul_add(a, s.load(&weights[i][j]), sums[j % 2][i]);
            }
        }
    }
    std::array::from_fn(|i| s.sum(s.add(sums[0][i], sums[1][i])))
}
