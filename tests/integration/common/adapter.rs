//! Machines without a GPU or its software twin.

/// Says that a test does not apply here; fails where it has to: `ETASTAR_NEEDS_ADAPTER` is set where
/// a backend that cannot be opened is a fault, as in `.ci/run`.
pub fn skipped(reason: &dyn std::fmt::Display) {
    assert!(std::env::var_os("ETASTAR_NEEDS_ADAPTER").is_none(), "no adapter: {reason}");
    println!("skipped: {reason}");
}
