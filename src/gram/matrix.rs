//! The Gram matrix G = A Aᵀ: all of a network on which stability at a minimum depends.

use faer::{Mat, MatRef, Side};

use crate::text::number;

/// Why a matrix cannot be the Gram matrix of `n` samples with `q` outputs each.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum GramError {
    /// Zero rows, or zero outputs.
    #[error("the Gram matrix is empty ({rows} rows, {outputs} outputs per sample)")]
    Empty { rows: usize, outputs: usize },
    /// Different numbers of rows and columns.
    #[error(
        "the Gram matrix is not square: {rows} rows, {columns} columns (of a Jacobian J save J @ J.T)"
    )]
    NotSquare { rows: usize, columns: usize },
    /// The rows do not divide into blocks of `outputs`.
    #[error("the side {rows} is not a multiple of the {outputs} outputs per sample")]
    NotBlocked { rows: usize, outputs: usize },
    /// So large or small that products of curvatures overflow or vanish.
    #[error(
        "the largest entry is {largest:e}; beyond 1e±100 double precision cannot hold products of \
         curvatures: multiply the matrix by a constant, which divides every step size by it"
    )]
    Scale { largest: f64 },
    /// NaN or infinity.
    #[error("entry ({row}, {column}) is {value}, not a finite number")]
    NotFinite { row: usize, column: usize, value: f64 },
    /// G ≠ Gᵀ beyond rounding.
    #[error(
        "the Gram matrix is not symmetric: entry ({row}, {column}) is {upper:e}, \
         entry ({column}, {row}) is {lower:e}"
    )]
    NotSymmetric { row: usize, column: usize, upper: f64, lower: f64 },
    /// An eigenvalue below zero by more than rounding explains.
    #[error(
        "the Gram matrix has the negative eigenvalue {} (the largest is {}); \
         A·Aᵀ has none beyond rounding",
        number(*value), number(*largest)
    )]
    NegativeEigenvalue { value: f64, largest: f64 },
    /// G = 0: every step size is stable and no threshold exists.
    #[error("the Gram matrix is zero: no sample has any curvature, so no step size is unstable")]
    Zero,
}

/// G = A Aᵀ (n·q × n·q), where H_i = A_iᵀA_i is the Hessian of sample i at the minimum and A_i (q × d)
/// is block i of the rows of A.
///
/// For the loss c‖f(x) − y‖² the rows are √(2c) ∇f_k(x_i) (\[M\] Lemma 1).
#[derive(Debug, Clone)]
pub struct Gram {
    matrix: Mat<f64>,
    outputs: usize,
    /// Relative rounding of the entries.
    rounding: f64,
}

impl Gram {
    /// Relative asymmetry that single-precision input may have.
    pub(super) const ASYMMETRY: f64 = 1e-5;

    /// Checks shape, finiteness, symmetry and scale, and removes the asymmetry that rounding left.
    ///
    /// # Errors
    /// See [`GramError`].
    pub fn new(matrix: Mat<f64>, outputs: usize) -> Result<Self, GramError> {
        Self::rounded(matrix, outputs, f64::EPSILON)
    }

    /// The same of a matrix whose entries had a relative rounding error of up to `rounding` / 2 before:
    /// an entry and its mirror image, which are equal, may have been rounded apart by `rounding`.
    ///
    /// # Errors
    /// See [`GramError`].
    pub fn rounded(mut matrix: Mat<f64>, outputs: usize, rounding: f64) -> Result<Self, GramError> {
        let (rows, columns) = (matrix.nrows(), matrix.ncols());
        if rows != columns {
            return Err(GramError::NotSquare { rows, columns });
        }
        if rows == 0 || outputs == 0 {
            return Err(GramError::Empty { rows, outputs });
        }
        if !rows.is_multiple_of(outputs) {
            return Err(GramError::NotBlocked { rows, outputs });
        }
        let largest = largest_entry(matrix.as_ref())?;
        let asymmetry = rounding.max(Self::ASYMMETRY) * largest;
        for column in 0..columns {
            for row in 0..column {
                let (upper, lower) = (matrix[(row, column)], matrix[(column, row)]);
                if (upper - lower).abs() > asymmetry {
                    return Err(GramError::NotSymmetric { row, column, upper, lower });
                }
                let mean = f64::midpoint(upper, lower);
                matrix[(row, column)] = mean;
                matrix[(column, row)] = mean;
            }
        }
        if largest == 0.0 {
            return Err(GramError::Zero);
        }
        if !(1e-100..=1e100).contains(&largest) {
            return Err(GramError::Scale { largest });
        }
        Ok(Self { matrix, outputs, rounding })
    }

    /// How far rounding of the entries can move an eigenvalue of G: ‖δG‖ ≤ ½ rounding ‖G‖_F.
    pub fn eigenvalue_rounding(&self) -> f64 {
        0.5 * self.rounding * self.matrix.norm_l2()
    }

    /// n.
    pub fn samples(&self) -> usize {
        self.side() / self.outputs
    }

    /// q: the rows of A for a sample. For the squared error these are the outputs of the network.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// n·q.
    pub fn side(&self) -> usize {
        self.matrix.nrows()
    }

    /// The whole of G.
    pub fn matrix(&self) -> MatRef<'_, f64> {
        self.matrix.as_ref()
    }

    /// The eigenvalues of G_ii, ascending: those of H_i that can differ from 0. None at all if the
    /// decomposition fails.
    pub fn sample_eigenvalues(&self, i: usize) -> Vec<f64> {
        self.block(i, i).self_adjoint_eigenvalues(Side::Lower).unwrap_or_default()
    }

    /// G_ij = A_i A_jᵀ, q × q.
    pub fn block(&self, i: usize, j: usize) -> MatRef<'_, f64> {
        let q = self.outputs;
        self.matrix.as_ref().submatrix(i * q, j * q, q, q)
    }
}

fn largest_entry(matrix: MatRef<'_, f64>) -> Result<f64, GramError> {
    let mut largest = 0.0_f64;
    for column in 0..matrix.ncols() {
        for row in 0..matrix.nrows() {
            let value = matrix[(row, column)];
            if !value.is_finite() {
                return Err(GramError::NotFinite { row, column, value });
            }
            largest = largest.max(value.abs());
        }
    }
    Ok(largest)
}
