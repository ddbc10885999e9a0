//! Errors of the engine's input.

/// Why a network or a data set was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FusedError {
    /// A slice has the wrong number of entries.
    #[error("{what}: {found} entries where {expected} are needed")]
    Length { what: &'static str, expected: usize, found: usize },
    /// A layer of width 0, or no sample.
    #[error("{0} must be at least 1")]
    Empty(&'static str),
    /// NaN or infinity.
    #[error("{what}: entry {position} is not finite")]
    NotFinite { what: &'static str, position: usize },
    /// More than 2³² entries.
    #[error("the data set is too large for 32-bit positions")]
    TooLarge,
}

/// Refuses a slice of another length than `expected`.
pub(super) fn check_length(
    what: &'static str,
    found: &[f32],
    expected: usize,
) -> Result<(), FusedError> {
    if found.len() == expected {
        return Ok(());
    }
    Err(FusedError::Length { what, expected, found: found.len() })
}

/// Refuses NaN and infinity.
pub(super) fn check_finite(what: &'static str, values: &[f32]) -> Result<(), FusedError> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(position) => Err(FusedError::NotFinite { what, position }),
    }
}
