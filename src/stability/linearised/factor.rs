//! Coordinates for the range of H: a triangular A with A Aᵀ = G.

use faer::{
    Mat, Spec,
    dyn_stack::{MemBuffer, MemStack},
    get_global_parallelism,
    linalg::cholesky::llt_pivoting::factor::{cholesky_in_place, cholesky_in_place_scratch},
};

use crate::gram::Gram;
use crate::linalg::quasirandom;
use crate::stability::spectrum::{Spectrum, SpectrumError};

/// The A_i of H_i = A_iᵀA_i in orthonormal coordinates θ of the range of H, from G alone.
///
/// A pivoted Cholesky factorisation gives A = Πᵀ L with L lower trapezoidal, nq × rank: row k of A
/// ends after as many numbers as its pivot's place, half of them on average. Any two A with the
/// same A Aᵀ differ by an isometry, so norms of θ are those of parameter space. Nothing is dropped
/// but what double precision cannot tell from 0; A is then rounded to single precision, which
/// changes the H_i by 10⁻⁷ of themselves and leaves them positive semidefinite.
///
/// Output space, r = Aθ, would do without the factorisation, but there a rounding error outside
/// the range of G never decays, so that every exponent below 0 would read 0. On the range
/// ‖r‖/‖θ‖ is between √(nλ_min) and √(nλ_1): the exponents are the same.
#[derive(Debug, Clone)]
pub struct GramFactor {
    rows: Vec<f32>,
    /// Row k is `rows[starts[k]..starts[k + 1]]`.
    starts: Vec<usize>,
    outputs: usize,
    rank: usize,
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
        let mut factor = Self { rows: Vec::new(), starts: vec![0], outputs, rank };
        for &(row, length) in rows {
            factor.rows.extend((0..length).map(|k| matrix[(row, k)] as f32));
            factor.starts.push(factor.rows.len());
        }
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

    /// Row `k` of A without the zeros at its end.
    pub(crate) fn row(&self, k: usize) -> &[f32] {
        &self.rows[self.starts[k]..self.starts[k + 1]]
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
