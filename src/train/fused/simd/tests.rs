//! Every instruction set against plain arrays.

use super::super::block::Block;
use super::super::isa::{Isa, kernel};
use super::portable::Portable;
use super::vector::Simd;

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
