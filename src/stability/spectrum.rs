//! The eigendecomposition of K = G/n, computed once and shared by every batch size.

use faer::{
    Accum, Mat, MatRef, Side, get_global_parallelism,
    linalg::matmul::triangular::{BlockStructure, matmul},
};

use crate::gram::{Gram, GramError};
use crate::linalg::dense::Dense;

/// Why K cannot be decomposed.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum SpectrumError {
    /// K is not positive semidefinite.
    #[error(transparent)]
    Gram(#[from] GramError),
    /// The iteration did not converge.
    #[error("the eigendecomposition of the Gram matrix (side {side}) did not converge")]
    NoConvergence { side: usize },
}

/// K ≈ V Λ Vᵀ on the numerical range of K, with bounds on what the approximation costs.
#[derive(Debug)]
pub struct Spectrum {
    samples: usize,
    outputs: usize,
    eigenvalues: Vec<f64>,
    vectors: Dense<f64>,
    residual: f64,
    skewness: f64,
}

impl Spectrum {
    /// An eigenvalue further below zero than this part of the largest is an error and not rounding: the
    /// same tolerance for single-precision input as that of [`Gram`] for asymmetry.
    pub const NEGATIVE: f64 = 1e-5;

    /// Decomposes K = G/n; O((nq)³) time, about four matrices of G's size in memory.
    ///
    /// The rank counts the eigenvalues above nq·ε·λ_1 and above the size of the most negative one, which
    /// measures the rounding of the input. The dropped part is included in [`Spectrum::residual`] and
    /// thereby in every enclosure; nothing else is truncated.
    pub fn of(gram: &Gram) -> Result<Self, SpectrumError> {
        let side = gram.side();
        let scale = largest_entry(gram.matrix());
        let scaled = Mat::from_fn(side, side, |i, j| gram.matrix()[(i, j)] / scale);
        let eigen = scaled
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| SpectrumError::NoConvergence { side })?;
        let unit = scale / gram.samples() as f64;
        let (values, largest) = (eigen.S(), eigen.S()[side - 1]);
        // Half precision moves an eigenvalue further than that.
        let negative = (Self::NEGATIVE * largest).max(gram.eigenvalue_rounding() / scale);
        if values[0] < -negative {
            let (value, largest) = (values[0] * scale, largest * scale);
            return Err(GramError::NegativeEigenvalue { value, largest }.into());
        }
        let noise = (side as f64 * f64::EPSILON * largest).max(-values[0]);
        let rank = (0..side).rev().take_while(|&k| values[k] > noise).count();
        let vectors = Dense::rounded(eigen.U().subcols(side - rank, rank).reverse_cols());
        let kept: Vec<f64> = (0..rank).map(|k| values[side - 1 - k]).collect();
        drop(eigen);
        let residual = residual(scaled, &kept, &vectors) * unit;
        Ok(Self {
            samples: gram.samples(),
            outputs: gram.outputs(),
            eigenvalues: kept.into_iter().map(|value| value * unit).collect(),
            skewness: skewness(&vectors),
            vectors,
            residual,
        })
    }

    /// n.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// q.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Number of eigenvalues kept.
    pub fn rank(&self) -> usize {
        self.eigenvalues.len()
    }

    /// Nonzero eigenvalues of K, and of H: largest first.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// λ_1 = λ_max(H).
    pub fn sharpness(&self) -> f64 {
        self.eigenvalues[0]
    }

    /// The smallest eigenvalue kept: of H on its range.
    pub fn smallest(&self) -> f64 {
        self.eigenvalues[self.rank() - 1]
    }

    /// Tr H.
    pub fn trace(&self) -> f64 {
        self.eigenvalues.iter().sum()
    }

    /// The unit eigenvector of K of λ_1, in output space (n·q numbers).
    pub fn top_vector(&self) -> &[f64] {
        self.vectors.column(0)
    }

    /// Rows A = V√(nΛ) with A Aᵀ = G, in the eigenbasis of H: nq × rank.
    pub fn rows(&self) -> Mat<f64> {
        let (vectors, samples) = (self.vectors.view(), self.samples as f64);
        let roots: Vec<f64> = self.eigenvalues.iter().map(|x| (x * samples).sqrt()).collect();
        Mat::from_fn(vectors.nrows(), self.rank(), |i, k| vectors[(i, k)] * roots[k])
    }

    /// V, nq × rank.
    pub(crate) fn vectors(&self) -> &Dense<f64> {
        &self.vectors
    }

    /// A bound on ‖K − V Λ Vᵀ‖₂, rounding of the check and dropped eigenvalues included.
    pub fn residual(&self) -> f64 {
        self.residual
    }

    /// A bound on ‖VᵀV − I‖₂, rounding of the check included.
    pub fn skewness(&self) -> f64 {
        self.skewness
    }
}

fn largest_entry(matrix: MatRef<'_, f64>) -> f64 {
    matrix.col_iter().flat_map(|column| column.iter()).fold(0.0, |max: f64, x| max.max(x.abs()))
}

/// ‖K − V Λ Vᵀ‖_F plus the rounding error of forming it: an inner product of r terms is off by at
/// most r·u·Σ|terms|, and Σ_a |v_ia| λ_a |v_ja| ≤ √(K_ii K_jj), whose Frobenius norm is Tr K.
fn residual(mut matrix: Mat<f64>, values: &[f64], vectors: &Dense<f64>) -> f64 {
    let rank = values.len();
    let view = vectors.view();
    let weighted = Mat::from_fn(view.nrows(), rank, |i, a| view[(i, a)] * values[a]);
    let diagonal: f64 = (0..matrix.nrows()).map(|i| matrix[(i, i)].abs()).sum();
    matmul(
        &mut matrix,
        BlockStructure::TriangularLower,
        Accum::Add,
        &weighted,
        BlockStructure::Rectangular,
        view.transpose(),
        BlockStructure::Rectangular,
        -1.0,
        get_global_parallelism(),
    );
    let rounding = (rank + 8) as f64 * f64::EPSILON;
    lower_frobenius(matrix.as_ref()) * (1.0 + rounding) + rounding * diagonal
}

/// ‖VᵀV − I‖_F plus the rounding error of forming it.
///
/// The product is summed over chunks of rows, which makes the worst-case constant of an inner
/// product of N terms (chunk + N/chunk)·u in place of N·u; ‖|V|ᵀ|V|‖ ≤ ‖V‖_F² = r does the rest.
fn skewness(vectors: &Dense<f64>) -> f64 {
    const CHUNK: usize = 64;
    let (view, rank) = (vectors.view(), vectors.columns());
    let mut defect = -Mat::<f64>::identity(rank, rank);
    let mut row = 0;
    while row < view.nrows() {
        let rows = view.subrows(row, CHUNK.min(view.nrows() - row));
        matmul(
            &mut defect,
            BlockStructure::TriangularLower,
            Accum::Add,
            rows.transpose(),
            BlockStructure::Rectangular,
            rows,
            BlockStructure::Rectangular,
            1.0,
            get_global_parallelism(),
        );
        row += CHUNK;
    }
    let terms = CHUNK + view.nrows().div_ceil(CHUNK) + 8;
    lower_frobenius(defect.as_ref()) * 1.001 + terms as f64 * f64::EPSILON * rank as f64
}

/// Frobenius norm of the symmetric matrix whose lower triangle is given.
fn lower_frobenius(matrix: MatRef<'_, f64>) -> f64 {
    let column = |j: usize| {
        let below: f64 = (j + 1..matrix.nrows()).map(|i| matrix[(i, j)].powi(2)).sum();
        2.0 * below + matrix[(j, j)].powi(2)
    };
    (0..matrix.ncols()).map(column).sum::<f64>().sqrt()
}
