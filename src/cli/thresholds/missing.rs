//! Thresholds that do not exist.

use std::fmt::Display;

/// Splits a result into its value and the reason why there is none, if `is_reason` accepts the error.
/// Other errors are returned.
pub fn value_or_reason<T, E: Display>(
    result: Result<T, E>,
    is_reason: impl Fn(&E) -> bool,
) -> Result<(Option<T>, Option<String>), E> {
    match result {
        Ok(value) => Ok((Some(value), None)),
        Err(error) if is_reason(&error) => Ok((None, Some(error.to_string()))),
        Err(error) => Err(error),
    }
}

/// The reasons, one per line.
pub fn to_lines<'r>(reasons: impl Iterator<Item = Option<&'r str>>) -> String {
    reasons.flatten().map(|reason| format!("{reason}\n")).collect()
}
