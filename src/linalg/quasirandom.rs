//! Deterministic start vectors.

use faer::Mat;

/// A start vector with a component along everything: a fixed, irregular sequence in 0.5..1.5, the
/// same in every column.
pub fn quasirandom(rows: usize, columns: usize) -> Mat<f64> {
    /// The golden ratio's fractional part: its multiples are equidistributed.
    const STRIDE: f64 = 0.618_033_988_749_894_9;
    Mat::from_fn(rows, columns, |i, _| 0.5 + ((i + 1) as f64 * STRIDE).fract())
}
