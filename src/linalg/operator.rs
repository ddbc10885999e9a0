//! Symmetric linear maps that are known by their products.

use faer::{Accum, ColMut, ColRef, MatRef, Par, linalg::matmul::matmul};

/// A symmetric linear map known by its products.
pub trait LinearOperator {
    /// The dimension of the space.
    fn side(&self) -> usize;
    /// `into` = operator · `v`.
    fn apply(&self, v: &[f64], into: &mut [f64]);
}

/// A dense symmetric matrix as an operator, times a factor.
#[derive(Debug)]
pub struct Symmetric<'a> {
    pub matrix: MatRef<'a, f64>,
    pub factor: f64,
    pub par: Par,
}

impl LinearOperator for Symmetric<'_> {
    fn side(&self) -> usize {
        self.matrix.nrows()
    }

    fn apply(&self, v: &[f64], into: &mut [f64]) {
        let column = ColRef::from_slice(v).as_mat();
        let target = ColMut::from_slice_mut(into).as_mat_mut();
        matmul(target, Accum::Replace, self.matrix, column, self.factor, self.par);
    }
}
