//! Step sizes at which SGD is stable at an interpolating minimum, from its Gram matrix alone.

pub mod bounds;
pub mod sampling;
