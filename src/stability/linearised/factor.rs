//! Coordinates for the range of H: a triangular A with A Aᵀ = G.

use faer::{
    Mat, Scale, Side, Spec,
    dyn_stack::{MemBuffer, MemStack},
    get_global_parallelism,
    linalg::cholesky::llt_pivoting::factor::{cholesky_in_place, cholesky_in_place_scratch},
};

use crate::gram::Gram;
use crate::linalg::{product, quasirandom};
use crate::stability::spectrum::{Spectrum, SpectrumError};

/// The A_i of H_i = A_iᵀA_i in orthonormal coordinates θ of the range of H, from G alone.
///
/// A pivoted Cholesky factorisation gives A = Πᵀ L with L lower trapezoidal, nq × rank: row k of A
/// ends after as many numbers as its pivot's place, half of them on average. Any two A with the
/// same A Aᵀ differ by an isometry, so norms of θ are those of parameter space. Nothing is dropped
/// but what double precision cannot tell from 0. A large A is then rounded to single precision, which
/// changes the H_i by 10⁻⁷ of themselves and leaves them positive semidefinite, but can move eigenvalues
/// of H below 10⁻⁷ λ_1 by much of themselves; a small one stays in double precision.
///
/// Output space, r = Aθ, would do without the factorisation, but there a rounding error outside
/// the range of G never decays, so that every exponent below 0 would read 0. On the range
/// ‖r‖/‖θ‖ is between √(nλ_min) and √(nλ_1): the exponents are the same.
#[derive(Debug, Clone)]
pub struct GramFactor {
    rows: Rows,
    /// Row k is `rows[starts[k]..starts[k + 1]]`.
    starts: Vec<usize>,
    outputs: usize,
    rank: usize,
    modes: Option<Modes>,
}

/// The numbers of A.
#[derive(Debug, Clone)]
enum Rows {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

/// A row of A without the zeros at its end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Row<'f> {
    Single(&'f [f32]),
    Double(&'f [f64]),
}

/// Up to this many numbers A stays in double precision: where a walk's numbers fit into a processor's
/// cache, single precision makes it no faster.
const DOUBLE_NUMBERS: usize = 1 << 18;

/// The largest rank for which H is decomposed.
const MODES_RANK: usize = 512;

/// The eigenvectors of H in the coordinates θ.
#[derive(Debug, Clone)]
pub(crate) struct Modes {
    /// Eigenvalues of H, ascending.
    pub values: Vec<f64>,
    /// One unit column for each.
    pub vectors: Mat<f64>,
}

impl GramFactor {
    /// Factorises G: O((nq)³/3) and two matrices of its size in memory, or as [`Spectrum::of`] if
    /// G has negative eigenvalues from rounding, which show how much of G is noise.
    ///
    /// # Errors
    /// A negative eigenvalue beyond rounding.
    pub fn of(gram: &Gram) -> Result<Self, SpectrumError> {
        Self::cholesky(gram).map_or_else(|| Self::spectral(gram), Ok)
    }

    /// `None` unless A Aᵀ is G to double precision.
    fn cholesky(gram: &Gram) -> Option<Self> {
        let side = gram.side();
        let mut lower = gram.matrix().to_owned();
        let (mut forward, mut place) = (vec![0_usize; side], vec![0_usize; side]);
        let (par, params) = (get_global_parallelism(), Spec::default());
        let scratch = cholesky_in_place_scratch::<usize, f64>(side, par, params);
        let mut memory = MemBuffer::new(scratch);
        let stack = MemStack::new(&mut memory);
        let view = lower.as_mut();
        let (info, _) =
            cholesky_in_place(view, &mut forward, &mut place, par, stack, params).ok()?;
        let row = |k: usize| (place[k], info.rank.min(place[k] + 1));
        let rows: Vec<(usize, usize)> = (0..side).map(row).collect();
        let exact = error(gram, &lower, &rows) < 16.0 * side as f64 * f64::EPSILON;
        exact.then(|| Self::from_rows(&lower, &rows, info.rank, gram.outputs()))
    }

    fn spectral(gram: &Gram) -> Result<Self, SpectrumError> {
        let spectrum = Spectrum::of(gram)?;
        let (rank, rows) = (spectrum.rank(), spectrum.rows());
        let whole: Vec<(usize, usize)> = (0..gram.side()).map(|row| (row, rank)).collect();
        Ok(Self::from_rows(&rows, &whole, rank, gram.outputs()))
    }

    /// Row k of A is the beginning of a row of `matrix`: its number and its length.
    fn from_rows(matrix: &Mat<f64>, rows: &[(usize, usize)], rank: usize, outputs: usize) -> Self {
        let numbers: usize = rows.iter().map(|&(_, length)| length).sum();
        let mut starts = vec![0];
        starts.extend(rows.iter().scan(0, |sum, &(_, length)| {
            *sum += length;
            Some(*sum)
        }));
        let entries = rows.iter().flat_map(|&(row, length)| (0..length).map(move |k| (row, k)));
        let rows = if numbers <= DOUBLE_NUMBERS {
            Rows::Double(entries.map(|at| matrix[at]).collect())
        } else {
            Rows::Single(entries.map(|at| matrix[at] as f32).collect())
        };
        let mut factor = Self { rows, starts, outputs, rank, modes: None };
        factor.modes = Modes::of(&factor);
        factor
    }

    /// n.
    pub fn samples(&self) -> usize {
        (self.starts.len() - 1) / self.outputs
    }

    /// q.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Numerical rank of G, the number of coordinates of θ.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// What the rounding of A may change of an exponent, relative: thousands of roundings in double
    /// precision, which then includes that of G, and some ten in single precision.
    pub(crate) fn rounding(&self) -> f64 {
        match self.rows {
            Rows::Single(_) => 1e-6,
            Rows::Double(_) => 1e-12,
        }
    }

    /// Row `k` of A without the zeros at its end.
    pub(crate) fn row(&self, k: usize) -> Row<'_> {
        let range = self.starts[k]..self.starts[k + 1];
        match &self.rows {
            Rows::Single(rows) => Row::Single(&rows[range]),
            Rows::Double(rows) => Row::Double(&rows[range]),
        }
    }

    /// The eigenvectors of H; `None` if the rank is so large that they would cost more than the
    /// simulations.
    pub(crate) fn modes(&self) -> Option<&Modes> {
        self.modes.as_ref()
    }
}

impl Row<'_> {
    /// The numbers in double precision.
    pub fn widened(self) -> Vec<f64> {
        match self {
            Self::Single(row) => row.iter().copied().map(f64::from).collect(),
            Self::Double(row) => row.to_vec(),
        }
    }
}

impl Modes {
    fn of(factor: &GramFactor) -> Option<Self> {
        let (side, rank) = (factor.starts.len() - 1, factor.rank);
        if rank > MODES_RANK {
            return None;
        }
        let mut rows = Mat::zeros(side, rank);
        for k in 0..side {
            let row = factor.row(k).widened();
            row.into_iter().enumerate().for_each(|(a, value)| rows[(k, a)] = value);
        }
        let hessian =
            product(rows.transpose(), rows.as_ref()) * Scale(1.0 / factor.samples() as f64);
        let eigen = hessian.self_adjoint_eigen(Side::Lower).ok()?;
        let values = (0..rank).map(|k| eigen.S()[k]).collect();
        Some(Self { values, vectors: eigen.U().to_owned() })
    }
}

/// ‖(A Aᵀ − G)x‖/‖Gx‖ for a quasirandom x, which shows any error of the factorisation.
fn error(gram: &Gram, matrix: &Mat<f64>, rows: &[(usize, usize)]) -> f64 {
    let x = quasirandom(rows.len(), 1);
    let mut pulled = vec![0.0; rows.len()];
    for (k, &(row, length)) in rows.iter().enumerate() {
        (0..length).for_each(|j| pulled[j] += matrix[(row, j)] * x[(k, 0)]);
    }
    let image = |&(row, length): &(usize, usize)| -> f64 {
        (0..length).map(|j| matrix[(row, j)] * pulled[j]).sum()
    };
    let expected = gram.matrix() * &x;
    let found = Mat::from_fn(rows.len(), 1, |k, _| image(&rows[k]));
    (found - &expected).norm_l2() / expected.norm_l2()
}
