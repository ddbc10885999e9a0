//! Products of dense matrices.

use faer::{Accum, Mat, MatRef, get_global_parallelism, linalg::matmul::matmul};

/// a·b, with all threads.
pub fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut result = Mat::zeros(a.nrows(), b.ncols());
    matmul(&mut result, Accum::Replace, a, b, 1.0, get_global_parallelism());
    result
}
