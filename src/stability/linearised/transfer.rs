//! What a stretch of steps does to the directions of a [`Block`](super::Block).

use faer::{Mat, Side};

/// The upper triangular R of P Q_0 = Q_1 R, where P is the product of the steps and Q_0 and Q_1 are the
/// orthonormal columns before and after them, as `matrix` times e^`log_scale`.
#[derive(Debug, Clone)]
pub struct Transfer {
    matrix: Mat<f64>,
    log_scale: f64,
}

impl Transfer {
    /// No steps.
    pub fn identity(columns: usize) -> Self {
        Self { matrix: Mat::identity(columns, columns), log_scale: 0.0 }
    }

    /// One direction that grew by `log` e-folds.
    pub fn of_one(log: f64) -> Self {
        Self { matrix: Mat::identity(1, 1), log_scale: log }
    }

    /// This stretch, then one with the given R.
    #[must_use]
    pub fn followed_by(&self, next: &Mat<f64>) -> Self {
        let mut matrix = next * &self.matrix;
        let largest = matrix.norm_max();
        if largest > 0.0 {
            matrix *= faer::Scale(1.0 / largest);
        }
        Self { matrix, log_scale: self.log_scale + largest.ln() }
    }

    /// This stretch, then `next`.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let both = self.followed_by(&next.matrix);
        Self { log_scale: both.log_scale + next.log_scale, ..both }
    }

    /// log ‖P Q_0‖₂: how much the direction of the span of Q_0 that grows the most has grown.
    pub fn log_norm(&self) -> f64 {
        let squares = self.matrix.transpose() * &self.matrix;
        let top = squares.self_adjoint_eigen(Side::Lower).map_or(f64::NAN, |eigen| {
            eigen.S().column_vector().iter().copied().fold(0.0, f64::max)
        });
        0.5 * top.ln() + self.log_scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_of_products_are_kept_beyond_the_range_of_a_float() {
        let shear = Mat::from_fn(2, 2, |i, j| if i > j { 0.0 } else { 1e-200 });
        let none = Transfer::identity(2);
        let (half, double) =
            (none.followed_by(&shear), none.followed_by(&shear).followed_by(&shear));
        // [[1, 2], [0, 1]], whose largest singular value is 1 + √2.
        let expected = (1.0 + 2.0_f64.sqrt()).ln() - 400.0 * 10.0_f64.ln();
        for found in [double.log_norm(), half.then(&half).log_norm()] {
            assert!((found - expected).abs() < 1e-10, "{found} {expected}");
        }
    }
}
