//! Numbers that may be infinite, in JSON.

use serde::{Serialize, Serializer};

/// Null unless `value` is finite: JSON has no other numbers.
pub fn null_unless_finite<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    value.is_finite().then_some(value).serialize(serializer)
}
