//! The types of numbers in `.npy` files, and what they are in double precision.

use npyz::{DType, Endianness, TypeChar};

/// A type of real numbers that double precision holds exactly, but for integers beyond 2⁵³.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberType {
    class: Class,
    /// Bytes.
    size: usize,
    big_endian: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Float,
    Signed,
    Unsigned,
    Bool,
}

/// ε of half precision, 2⁻¹⁰.
const HALF_EPSILON: f64 = 1.0 / 1024.0;

impl NumberType {
    /// The type that `dtype` describes; `None` for other things than real numbers of at most 64 bits.
    pub fn of(dtype: &DType) -> Option<Self> {
        let DType::Plain(plain) = dtype else { return None };
        let (class, sizes): (_, &[u64]) = match plain.type_char() {
            TypeChar::Float => (Class::Float, &[2, 4, 8]),
            TypeChar::Int => (Class::Signed, &[1, 2, 4, 8]),
            TypeChar::Uint => (Class::Unsigned, &[1, 2, 4, 8]),
            TypeChar::Bool => (Class::Bool, &[1]),
            _ => return None,
        };
        let size = plain.size_field();
        sizes.contains(&size).then_some(Self {
            class,
            size: size as usize,
            big_endian: plain.endianness() == Endianness::Big,
        })
    }

    /// Bytes of one number.
    pub fn size(self) -> usize {
        self.size
    }

    /// How far two roundings of one number can lie apart, relative to it.
    pub fn rounding(self) -> f64 {
        match (self.class, self.size) {
            (Class::Float, 2) => HALF_EPSILON,
            (Class::Float, 4) => f64::from(f32::EPSILON),
            _ => f64::EPSILON,
        }
    }

    /// The number of these bytes.
    ///
    /// # Errors
    /// An integer that is between two numbers of double precision.
    pub fn decode(self, bytes: &[u8]) -> Result<f64, i128> {
        let mut padded = [0; 8];
        padded[..self.size].copy_from_slice(&bytes[..self.size]);
        if self.big_endian {
            padded[..self.size].reverse();
        }
        let bits = u64::from_le_bytes(padded);
        match self.class {
            Class::Float => Ok(self.float(bits)),
            Class::Bool => Ok(if bits == 0 { 0.0 } else { 1.0 }),
            Class::Unsigned => exact(i128::from(bits)),
            Class::Signed => {
                let unused = 64 - 8 * self.size as u32;
                exact(i128::from((bits << unused).cast_signed() >> unused))
            }
        }
    }

    fn float(self, bits: u64) -> f64 {
        match self.size {
            2 => half(bits as u16),
            4 => f64::from(f32::from_bits(bits as u32)),
            _ => f64::from_bits(bits),
        }
    }
}

/// A number of half precision (IEEE 754 binary16): sign, 5 bits of exponent, 10 of the fraction.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff) * HALF_EPSILON;
    let size = match i32::from(bits >> 10 & 0x1f) {
        0 => fraction * 2.0_f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1.0 + fraction) * 2.0_f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// `value` in double precision, or itself.
fn exact(value: i128) -> Result<f64, i128> {
    let rounded = value as f64;
    if rounded as i128 == value { Ok(rounded) } else { Err(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(descr: &str, bytes: &[u8]) -> Result<f64, i128> {
        let dtype = DType::Plain(descr.parse().unwrap());
        NumberType::of(&dtype).expect(descr).decode(bytes)
    }

    /// Bytes as NumPy 2 wrote them: `np.array([x], dtype).tobytes()`.
    #[test]
    fn numbers_are_what_numpy_wrote() {
        for (descr, bytes, value) in [
            ("<f2", &[0x00, 0x3c][..], 1.0),
            ("<f2", &[0x55, 0x35], 0.333_251_953_125),
            (">f2", &[0x35, 0x55], 0.333_251_953_125),
            ("<f2", &[0xff, 0x7b], 65504.0),
            ("<f2", &[0x01, 0x80], -5.960_464_477_539_063e-8),
            ("<f2", &[0xff, 0x03], 6.097_555_160_522_461e-5),
            ("<f2", &[0x00, 0xfc], f64::NEG_INFINITY),
            ("<f4", &[0xcd, 0xcc, 0xcc, 0x3d], f64::from(0.1_f32)),
            (">f4", &[0x3d, 0xcc, 0xcc, 0xcd], f64::from(0.1_f32)),
            (">f8", &[0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a], 0.1),
            ("|i1", &[0x80], -128.0),
            ("|u1", &[0x80], 128.0),
            ("<i2", &[0xfe, 0xff], -2.0),
            (">i4", &[0x00, 0x00, 0x01, 0x00], 256.0),
            ("<u4", &[0xff, 0xff, 0xff, 0xff], 4_294_967_295.0),
            ("<i8", &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1.0),
            ("|b1", &[1], 1.0),
            ("|b1", &[0], 0.0),
        ] {
            assert_eq!(decode(descr, bytes), Ok(value), "{descr} {bytes:x?}");
        }
        assert!(decode("<f2", &[0x00, 0x7e]).unwrap().is_nan());
    }

    #[test]
    fn integers_that_would_be_rounded_are_refused() {
        let limit = 1_i64 << 53;
        assert_eq!(decode("<i8", &limit.to_le_bytes()), Ok(limit as f64));
        assert_eq!(decode("<i8", &(limit + 1).to_le_bytes()), Err(i128::from(limit + 1)));
        assert_eq!(decode("<i8", &(-limit - 1).to_le_bytes()), Err(i128::from(-limit - 1)));
        assert_eq!(decode("<u8", &u64::MAX.to_le_bytes()), Err(i128::from(u64::MAX)));
        assert_eq!(decode("<u8", &(1_u64 << 63).to_le_bytes()), Ok(2.0_f64.powi(63)));
    }

    #[test]
    fn what_is_no_real_number_of_64_bits_has_no_type() {
        for descr in ["<f16", "<c8", "|V2", "<U3", "|S4", "|O", "<M8[s]"] {
            assert_eq!(NumberType::of(&DType::Plain(descr.parse().unwrap())), None, "{descr}");
        }
    }
}
