//! The inner loop of both passes: two sparse sums of the same strips.
//!
//! A strip that both sums need is loaded once. That matters: a processor that does one 512-bit multiply-add
//! a cycle loads one 512-bit number a cycle, and every factor has to be loaded, too.

use super::super::block::{Strip, WIDTH};
use super::super::inputs::{Values, WORD};
use super::super::simd::Simd;

/// Coefficients of a sparse sum of 64 strips.
pub(super) trait Sparse {
    /// Which strips take part, one bit each.
    fn mask(&self) -> u64;
    /// The coefficient of strip `i`, where its bit is set.
    fn value(&self, i: usize) -> f32;
}

/// A sample's inputs.
pub(super) struct Row<'a> {
    pub mask: u64,
    pub values: &'a Values,
}

/// An input in 64 samples.
pub(super) struct Column<'a> {
    pub mask: u64,
    pub values: &'a [Values; WORD],
    pub position: usize,
}

impl Sparse for Row<'_> {
    #[inline(always)]
    fn mask(&self) -> u64 {
        self.mask
    }

    #[inline(always)]
    fn value(&self, i: usize) -> f32 {
        self.values[i]
    }
}

impl Sparse for Column<'_> {
    #[inline(always)]
    fn mask(&self) -> u64 {
        self.mask
    }

    #[inline(always)]
    fn value(&self, i: usize) -> f32 {
        self.values[i][self.position]
    }
}

/// An input in 64 samples, each with a weight of its own.
pub(super) struct WeightedColumn<'a> {
    pub column: Column<'a>,
    pub weights: &'a [f32; WORD],
}

impl Sparse for WeightedColumn<'_> {
    #[inline(always)]
    fn mask(&self) -> u64 {
        self.column.mask
    }

    #[inline(always)]
    fn value(&self, i: usize) -> f32 {
        self.weights[i] * self.column.value(i)
    }
}

/// `first` += Σ_i `a_i` `rows[i]` and `second` += Σ_i `b_i` `rows[i]`.
#[inline(always)]
pub(super) fn add_pair<S: Simd, C: Sparse>(
    s: S,
    rows: &[Strip; WORD],
    a: &C,
    b: &C,
    first: &mut Strip,
    second: &mut Strip,
) {
    let (mut p, mut q) = (load(s, first), load(s, second));
    pair_sums(s, rows, a, b, &mut p, &mut q);
    for j in 0..WIDTH {
        s.store(p[j], &mut first[j]);
        s.store(q[j], &mut second[j]);
    }
}

/// `p` += Σ_i `a_i` `rows[i]` and `q` += Σ_i `b_i` `rows[i]`, in registers.
#[inline(always)]
pub(super) fn pair_sums<S: Simd, C: Sparse>(
    s: S,
    rows: &[Strip; WORD],
    a: &C,
    b: &C,
    p: &mut [S::V; WIDTH],
    q: &mut [S::V; WIDTH],
) {
    for i in Bits(a.mask() & b.mask()) {
        let (x, y) = (s.splat(a.value(i)), s.splat(b.value(i)));
        for j in 0..WIDTH {
            let row = s.load(&rows[i][j]);
            p[j] = s.mul_add(x, row, p[j]);
            q[j] = s.mul_add(y, row, q[j]);
        }
    }
    for i in Bits(a.mask() & !b.mask()) {
        let x = s.splat(a.value(i));
        for j in 0..WIDTH {
            p[j] = s.mul_add(x, s.load(&rows[i][j]), p[j]);
        }
    }
    for i in Bits(b.mask() & !a.mask()) {
        let y = s.splat(b.value(i));
        for j in 0..WIDTH {
            q[j] = s.mul_add(y, s.load(&rows[i][j]), q[j]);
        }
    }
}

#[inline(always)]
pub(super) fn load<S: Simd>(s: S, strip: &Strip) -> [S::V; WIDTH] {
    std::array::from_fn(|j| s.load(&strip[j]))
}

/// The positions of the bits that are set, lowest first.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        // The remainder changes nothing, and proves that the index is within 64.
        let lowest = self.0.trailing_zeros() as usize % WORD;
        self.0 &= self.0 - 1;
        Some(lowest)
    }
}
