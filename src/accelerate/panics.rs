//! Panics of Burn's GPU runtimes as errors.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::stability::solver::accelerator::AcceleratorError;
use crate::text::panic_text;

/// Burn's GPU runtimes report a lost device and a full memory by a panic.
pub fn catch_panics<T>(
    work: impl FnOnce() -> Result<T, AcceleratorError>,
) -> Result<T, AcceleratorError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        Err(AcceleratorError(format!("it failed: {}", panic_text(panic.as_ref()))))
    })
}
