//! A sparse sample against weight rows, both in lines of sixteen inputs.

use super::super::block::{Block, LANES, Matrix};
use super::super::simd::Simd;

/// Units whose products with one sample are computed together: they share its lines.
const GROUP: usize = 4;

/// A sample's lines: positions and values.
pub(super) type Lines<'a> = (&'a [u32], &'a [Block]);

/// `out[h]` = `S[h]`·s for the listed units h.
#[inline(always)]
pub(super) fn products<S: Simd>(s: S, w1: &Matrix, lines: Lines, units: &[u32], out: &mut [Block]) {
    let mut put =
        |unit: u32, product: f32| out[unit as usize / LANES].0[unit as usize % LANES] = product;
    let mut groups = units.chunks_exact(GROUP);
    for group in &mut groups {
        let sums = dots::<S, GROUP>(s, lines, std::array::from_fn(|i| w1.row(group[i] as usize)));
        group.iter().zip(sums).for_each(|(&unit, sum)| put(unit, sum));
    }
    for &unit in groups.remainder() {
        let [sum] = dots::<S, 1>(s, lines, [w1.row(unit as usize)]);
        put(unit, sum);
    }
}

/// `S[h]` += `changes[h]` s for the units h of block `j` whose bit is set in `active`.
#[inline(always)]
pub(super) fn add_products<S: Simd>(
    s: S,
    w1: &mut Matrix,
    lines: Lines,
    j: usize,
    active: u16,
    changes: &Block,
) {
    let mut bits = active;
    while bits != 0 {
        let lane = bits.trailing_zeros() as usize;
        bits &= bits - 1;
        let row = w1.row_mut(j * LANES + lane);
        let g = s.splat(changes.0[lane % LANES]);
        for (&at, x) in lines.0.iter().zip(lines.1) {
            let w = &mut row[at as usize];
            s.store(s.mul_add(g, s.load(x), s.load(w)), w);
        }
    }
}

/// Each row's product with the sample. Two chains of sums a row, even and odd lines, whatever N is: the
/// result must not depend on which units are computed together.
#[inline(always)]
fn dots<S: Simd, const N: usize>(s: S, lines: Lines, rows: [&[Block]; N]) -> [f32; N] {
    let (mut even, mut odd) = ([s.splat(0.0); N], [s.splat(0.0); N]);
    let mut pairs = lines.0.chunks_exact(2);
    let mut values = lines.1.chunks_exact(2);
    for (at, x) in (&mut pairs).zip(&mut values) {
        let (x0, x1) = (s.load(&x[0]), s.load(&x[1]));
        for i in 0..N {
            even[i] = s.mul_add(x0, s.load(&rows[i][at[0] as usize]), even[i]);
            odd[i] = s.mul_add(x1, s.load(&rows[i][at[1] as usize]), odd[i]);
        }
    }
    if let ([at], [x]) = (pairs.remainder(), values.remainder()) {
        for i in 0..N {
            even[i] = s.mul_add(s.load(x), s.load(&rows[i][*at as usize]), even[i]);
        }
    }
    std::array::from_fn(|i| s.sum(s.add(even[i], odd[i])))
}
