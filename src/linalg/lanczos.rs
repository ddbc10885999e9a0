//! Lanczos' method for the largest eigenvalue of a symmetric operator (Golub & Van Loan §10.3), with full
//! reorthogonalisation.
//!
//! [`KrylovSpace`] is the method itself, one product with the operator at a time.
//! [`largest_eigenpair`] drives it for one operator in a bounded memory, [`largest_eigenpairs`] for
//! several operators in lockstep.

use faer::{Mat, Side};

use super::operator::LinearOperator;
use super::vector::{LongVector, Vector, combine, normalise, orthogonalise};

/// A remainder of a vector below this fraction of it is rounding error, not a direction.
pub const BREAKDOWN: f64 = 1e-14;

/// How an operator is projected onto its Krylov space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// As the tridiagonal matrix that it is for a symmetric operator.
    Tridiagonal,
    /// With all its inner products, for an operator that is symmetric only up to the rounding of a
    /// lower precision.
    Full,
}

/// What differs between operators.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub projection: Projection,
    /// The space counts as invariant when orthogonalisation leaves no more than this part of an image,
    /// such as [`BREAKDOWN`]; with 0 when it leaves nothing at all.
    pub breakdown: f64,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    /// ‖Mv − λv‖ ≤ `tolerance`·|λ| is accurate enough.
    pub tolerance: f64,
    /// Most products with the operator.
    pub products: usize,
}

/// An approximate eigenpair and how good it is: some eigenvalue lies within `residual` of `value`.
#[derive(Debug, Clone)]
pub struct Eigenpair {
    /// The Ritz value, at most the largest eigenvalue; NaN if the operator is not finite.
    pub value: f64,
    /// Of unit length.
    pub vector: Vec<f64>,
    /// ‖Mv − λv‖.
    pub residual: f64,
    /// Products with the operator.
    pub products: usize,
    /// Whether the tolerance was reached.
    pub converged: bool,
}

/// An orthonormal basis of span{v, Mv, M²v, …} and the projection of M onto it.
#[derive(Debug)]
pub struct KrylovSpace<V> {
    options: Options,
    basis: Vec<V>,
    /// Row k: ⟨q_j, M q_k⟩ for j ≤ k.
    projected: Vec<Vec<f64>>,
    /// The norm of what orthogonalisation left of the last image.
    remainder: f64,
    exhausted: bool,
}

/// The largest Ritz value of a Krylov space.
#[derive(Debug)]
pub struct Ritz {
    /// θ.
    pub value: f64,
    /// ‖Mv − θv‖ for the unit Ritz vector v.
    pub residual: f64,
    weights: Vec<f64>,
}

impl<V: Vector> KrylovSpace<V> {
    /// Starts from `vector`, which is not zero.
    pub fn new(mut vector: V, options: Options) -> Self {
        let length = vector.norm();
        vector.divide(length);
        let (basis, projected) = (vec![vector], vec![]);
        Self { options, basis, projected, remainder: 0.0, exhausted: false }
    }

    /// The basis vector whose image is to be given next.
    pub fn last(&self) -> &V {
        &self.basis[self.basis.len() - 1]
    }

    /// Images given so far.
    pub fn products(&self) -> usize {
        self.projected.len()
    }

    /// Whether the space is invariant, up to rounding.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// Takes M times [`KrylovSpace::last`].
    pub fn push(&mut self, image: V) {
        self.projected.push(self.projection_of(&image));
        let breakdown = self.options.breakdown;
        let before = if breakdown > 0.0 { image.norm() } else { 0.0 };
        let mut next = image;
        orthogonalise(&mut next, &self.basis);
        let after = next.norm();
        self.remainder = after;
        self.exhausted = after <= breakdown * before || after == 0.0;
        if !self.exhausted {
            next.divide(after);
            self.basis.push(next);
        }
    }

    /// The newest row of the projected operator.
    fn projection_of(&self, image: &V) -> Vec<f64> {
        match self.options.projection {
            Projection::Full => self.basis.iter().map(|known| known.dot(image)).collect(),
            Projection::Tridiagonal => {
                let newest = self.basis.len() - 1;
                let mut row = vec![0.0; newest];
                if let Some(coupling) = row.last_mut() {
                    *coupling = self.remainder;
                }
                row.push(self.basis[newest].dot(image));
                row
            }
        }
    }

    /// The largest Ritz value; `None` before the first image or if the small eigenproblem fails, as it
    /// does only for numbers that are not finite.
    pub fn ritz(&self) -> Option<Ritz> {
        let size = self.projected.len();
        let projected = Mat::from_fn(size, size, |i, j| self.projected[i.max(j)][i.min(j)]);
        let eigen = projected.self_adjoint_eigen(Side::Lower).ok()?;
        let top = size.checked_sub(1)?;
        let weights: Vec<f64> = eigen.U().col(top).iter().copied().collect();
        let residual = (self.remainder * weights[top]).abs();
        Some(Ritz { value: eigen.S()[top], residual, weights })
    }

    /// The Ritz vector, of unit length up to rounding.
    pub fn vector(&self, ritz: &Ritz) -> V {
        combine(&ritz.weights, &self.basis)
    }
}

impl Ritz {
    fn is_accurate(&self, tolerance: f64) -> bool {
        self.residual <= tolerance * self.value.abs()
    }
}

impl<V: Vector + Into<Vec<f64>>> KrylovSpace<V> {
    /// What `ritz`, the largest Ritz value of this space, says of the largest eigenpair.
    fn eigenpair(&self, ritz: Option<Ritz>, tolerance: f64) -> Eigenpair {
        let products = self.products();
        let Some(ritz) = ritz else {
            let (vector, residual) = (self.basis[0].clone().into(), f64::INFINITY);
            return Eigenpair { value: f64::NAN, vector, residual, products, converged: false };
        };
        Eigenpair {
            value: ritz.value,
            vector: self.vector(&ritz).into(),
            residual: ritz.residual,
            products,
            converged: ritz.is_accurate(tolerance) || self.exhausted,
        }
    }
}

/// Bytes that the basis may take before a restart.
const BASIS_BYTES: usize = 512 << 20;
/// Most basis vectors before a restart.
const BASIS_VECTORS: usize = 120;

/// The algebraically largest eigenvalue of one operator, restarted from the Ritz vector when the basis
/// is full.
///
/// `start` must not be zero; the closer it is to the eigenvector, the fewer products it takes.
pub fn largest_eigenpair(operator: &dyn LinearOperator, start: &[f64], stop: Stop) -> Eigenpair {
    let room = (BASIS_BYTES / (8 * operator.side().max(1))).clamp(4, BASIS_VECTORS);
    let mut best = Eigenpair {
        value: f64::NAN,
        vector: start.to_vec(),
        residual: f64::INFINITY,
        products: 0,
        converged: false,
    };
    while !best.converged && best.products < stop.products {
        let products = room.min(stop.products - best.products);
        let found = in_one_basis(operator, best.vector, Stop { products, ..stop });
        best = Eigenpair { products: best.products + found.products, ..found };
    }
    best
}

/// The largest eigenpair in one basis of at most `stop.products` vectors, tested after every product.
fn in_one_basis(operator: &dyn LinearOperator, start: Vec<f64>, stop: Stop) -> Eigenpair {
    let options = Options { projection: Projection::Tridiagonal, breakdown: 0.0 };
    let mut space = KrylovSpace::new(LongVector(start), options);
    loop {
        let mut image = vec![0.0; operator.side()];
        operator.apply(&space.last().0, &mut image);
        space.push(LongVector(image));
        let ritz = space.ritz();
        let accurate = ritz.as_ref().is_some_and(|ritz| ritz.is_accurate(stop.tolerance));
        if accurate || space.is_exhausted() || space.products() == stop.products {
            let found = space.eigenpair(ritz, stop.tolerance);
            let mut vector = LongVector(found.vector);
            normalise(&mut vector);
            return Eigenpair { vector: vector.into(), ..found };
        }
    }
}

/// The largest eigenpairs of several operators, one for every column of `start`, without restarts.
///
/// `apply` gets one vector of every operator as the columns of a matrix and returns their images, so
/// that operators which share a large matrix read it once.
pub fn largest_eigenpairs(
    start: Mat<f64>,
    stop: Stop,
    mut apply: impl FnMut(&Mat<f64>) -> Mat<f64>,
) -> Vec<Eigenpair> {
    /// Products between two tests.
    const TEST_EVERY: usize = 4;
    let options = Options { projection: Projection::Tridiagonal, breakdown: BREAKDOWN };
    let column = |matrix: &Mat<f64>, c: usize| matrix.col(c).iter().copied().collect::<Vec<f64>>();
    let space = |c: usize| KrylovSpace::new(column(&start, c), options);
    let mut spaces: Vec<KrylovSpace<Vec<f64>>> = (0..start.ncols()).map(space).collect();
    let mut finished = vec![false; spaces.len()];
    let mut current = start;
    for step in 1..=stop.products.min(current.nrows()) {
        for (c, space) in spaces.iter().enumerate() {
            current.col_mut(c).iter_mut().zip(space.last()).for_each(|(x, y)| *x = *y);
        }
        let images = apply(&current);
        for (c, (space, finished)) in spaces.iter_mut().zip(&mut finished).enumerate() {
            if *finished {
                continue;
            }
            space.push(column(&images, c));
            let accurate = || space.ritz().is_some_and(|ritz| ritz.is_accurate(stop.tolerance));
            *finished = space.is_exhausted() || step % TEST_EVERY == 0 && accurate();
        }
        if finished.iter().all(|finished| *finished) {
            break;
        }
    }
    spaces.iter().map(|space| space.eigenpair(space.ritz(), stop.tolerance)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::{operator::Symmetric, quasirandom::quasirandom};
    use faer::Par;
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    /// Q diag(spectrum) Qᵀ with Q from a random matrix.
    fn with_spectrum(spectrum: &[f64], seed: u64) -> Mat<f64> {
        let n = spectrum.len();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let q = Mat::from_fn(n, n, |_, _| random.random_range(-1.0..1.0)).qr().compute_Q();
        let scaled = Mat::from_fn(n, n, |i, j| q[(i, j)] * spectrum[j]);
        let product = &scaled * q.transpose();
        (&product + product.transpose()) * faer::Scale(0.5)
    }

    fn top(matrix: &Mat<f64>, tolerance: f64) -> Eigenpair {
        let operator = Symmetric { matrix: matrix.as_ref(), factor: 1.0, par: Par::Seq };
        let start: Vec<f64> = (0..matrix.nrows()).map(|i| 1.0 + 0.1 * i as f64).collect();
        largest_eigenpair(&operator, &start, Stop { tolerance, products: 2000 })
    }

    #[test]
    fn finds_the_top_of_chosen_spectra() {
        let decaying: Vec<f64> = (0..150).map(|k| 10.0 * 0.8_f64.powi(k)).collect();
        let close: Vec<f64> = (0..200).map(|k| 1.0 - 1e-3 * k as f64).collect();
        let negative: Vec<f64> = (0..60).map(|k| -50.0 + k as f64).collect();
        let single = vec![3.5];
        for (seed, spectrum) in [decaying, close, negative, single].iter().enumerate() {
            let expected = spectrum.iter().copied().fold(f64::MIN, f64::max);
            let found = top(&with_spectrum(spectrum, seed as u64), 1e-9);
            assert!(found.converged, "{found:?}");
            assert!(
                (found.value - expected).abs() <= 1e-8 * expected.abs(),
                "{} {expected}",
                found.value
            );
        }
    }

    #[test]
    fn the_residual_is_what_it_says() {
        let matrix = with_spectrum(&(0..80).map(f64::from).collect::<Vec<_>>(), 9);
        let found = top(&matrix, 1e-3);
        let column = faer::ColRef::from_slice(&found.vector);
        let residual = &matrix * column - faer::Scale(found.value) * column;
        assert!((residual.norm_l2() - found.residual).abs() < 1e-9);
    }

    #[test]
    fn an_exhausted_search_says_so() {
        let matrix =
            with_spectrum(&(0..90).map(|k| 1.0 - 1e-4 * f64::from(k)).collect::<Vec<_>>(), 2);
        let operator = Symmetric { matrix: matrix.as_ref(), factor: 1.0, par: Par::Seq };
        let found =
            largest_eigenpair(&operator, &[1.0; 90], Stop { tolerance: 1e-12, products: 3 });
        assert!(!found.converged);
        assert_eq!(found.products, 3);
    }

    #[test]
    fn columns_find_the_largest_eigenvalues_of_their_own_operators() {
        let values: Vec<f64> = (0..40).map(|k| f64::from(k) / 7.0).collect();
        let shifts = [0.0, 3.0];
        let pairs =
            largest_eigenpairs(quasirandom(40, 2), Stop { tolerance: 1e-12, products: 60 }, |x| {
                Mat::from_fn(40, 2, |i, c| (values[i] + shifts[c]) * x[(i, c)])
            });
        for (pair, shift) in pairs.iter().zip(shifts) {
            assert!((pair.value - (39.0 / 7.0 + shift)).abs() < 1e-12);
            assert!((pair.vector[39].abs() - 1.0).abs() < 1e-10);
        }
    }

    #[test]
    fn an_exhausted_krylov_space_ends_the_run() {
        let pairs =
            largest_eigenpairs(quasirandom(5, 1), Stop { tolerance: 0.0, products: 50 }, |x| {
                x * 2.0
            });
        assert!((pairs[0].value - 2.0).abs() < 1e-15);
    }
}
