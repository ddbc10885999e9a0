//! Column-major matrices in single or double precision, with columns that threads can share.

use std::ops::{Add, Mul, Sub};

use faer::{MatMut, MatRef, traits::RealField};
use rayon::prelude::*;

/// The two precisions in which the solver's inner iterations can run.
pub trait Float:
    RealField + Copy + Send + Sync + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self>
{
    /// Rounds to this precision.
    fn round(value: f64) -> Self;
    /// Exact in both precisions.
    fn widen(self) -> f64;
}

impl Float for f32 {
    fn round(value: f64) -> Self {
        value as f32
    }
    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Float for f64 {
    fn round(value: f64) -> Self {
        value
    }
    fn widen(self) -> f64 {
        self
    }
}

/// A column-major matrix without padding.
#[derive(Debug, Clone)]
pub struct Dense<T> {
    data: Vec<T>,
    rows: usize,
}

impl<T: Float> Dense<T> {
    /// The zero matrix.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { data: vec![T::round(0.0); rows * columns], rows }
    }

    /// Rounds every entry of `matrix`.
    pub fn rounded(matrix: MatRef<'_, f64>) -> Self {
        let mut dense = Self::zeros(matrix.nrows(), matrix.ncols());
        dense.par_columns_mut().for_each(|(j, column)| {
            for (i, entry) in column.iter_mut().enumerate() {
                *entry = T::round(matrix[(i, j)]);
            }
        });
        dense
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.data.len() / self.rows
    }

    /// Column `j`.
    pub fn column(&self, j: usize) -> &[T] {
        &self.data[j * self.rows..(j + 1) * self.rows]
    }

    /// Copies `columns`, one after the other.
    pub fn fill_columns<'c>(&mut self, columns: impl Iterator<Item = &'c [T]>)
    where
        T: 'c,
    {
        for (target, column) in self.data.chunks_exact_mut(self.rows).zip(columns) {
            target.copy_from_slice(column);
        }
    }

    /// Sets every entry to zero.
    pub fn fill_zero(&mut self) {
        self.data.fill(T::round(0.0));
    }

    /// Copies the lower triangle onto the upper, tile by tile.
    pub fn mirror(&mut self) {
        const TILE: usize = 32;
        let side = self.rows;
        for left in (0..side).step_by(TILE) {
            for top in (left..side).step_by(TILE) {
                for column in left..(left + TILE).min(side) {
                    for row in top.max(column + 1)..(top + TILE).min(side) {
                        self.data[row * side + column] = self.data[column * side + row];
                    }
                }
            }
        }
    }

    /// Columns with their numbers, in parallel.
    pub fn par_columns_mut(&mut self) -> impl IndexedParallelIterator<Item = (usize, &mut [T])> {
        self.data.par_chunks_mut(self.rows).enumerate()
    }

    /// As a faer view.
    pub fn view(&self) -> MatRef<'_, T> {
        MatRef::from_column_major_slice(&self.data, self.rows, self.columns())
    }

    /// As a mutable faer view.
    pub fn view_mut(&mut self) -> MatMut<'_, T> {
        let columns = self.columns();
        MatMut::from_column_major_slice_mut(&mut self.data, self.rows, columns)
    }
}
