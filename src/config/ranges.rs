//! Ranges of the values of single keys.

/// `Err` says what a value must be.
pub type RangeCheck = Result<(), &'static str>;

/// `Ok` if `holds`, or else what the value must be.
pub fn ensure(holds: bool, expected: &'static str) -> RangeCheck {
    if holds { Ok(()) } else { Err(expected) }
}

pub fn any<T>(_: &T) -> RangeCheck {
    Ok(())
}

pub fn positive(value: &f64) -> RangeCheck {
    ensure(*value > 0.0 && value.is_finite(), "a positive number")
}

/// A factor of gradients or weights: products of a few such numbers do not overflow.
pub fn factor(value: &f64) -> RangeCheck {
    ensure((1e-30..=1e30).contains(value), "a number from 1e-30 to 1e30")
}

pub fn fraction(value: &f64) -> RangeCheck {
    ensure(*value > 0.0 && *value <= 1.0, "above 0 and at most 1")
}

pub fn at_least_one(value: &usize) -> RangeCheck {
    ensure(*value >= 1, "1 or more")
}
