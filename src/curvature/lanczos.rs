//! The largest eigenvalue of a symmetric operator.

use faer::{Mat, MatRef, Par, Side};

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
        let column = faer::ColRef::from_slice(v).as_mat();
        let target = faer::ColMut::from_slice_mut(into).as_mat_mut();
        faer::linalg::matmul::matmul(
            target,
            faer::Accum::Replace,
            self.matrix,
            column,
            self.factor,
            self.par,
        );
    }
}

/// When to stop looking.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// ‖Mv − λv‖ ≤ `tolerance`·|λ| ends the search.
    pub tolerance: f64,
    /// Most products with the operator.
    pub products: usize,
}

/// An approximate eigenpair and how good it is: some eigenvalue lies within `residual` of `value`.
#[derive(Debug, Clone)]
pub struct Eigenpair {
    pub value: f64,
    /// Unit length.
    pub vector: Vec<f64>,
    /// ‖Mv − λv‖.
    pub residual: f64,
    /// Products with the operator.
    pub products: usize,
    pub converged: bool,
}

/// Bytes that the basis may take before a restart.
const BASIS_BYTES: usize = 512 << 20;
/// Most basis vectors before a restart.
const BASIS_VECTORS: usize = 120;

/// The algebraically largest eigenvalue by Lanczos' method with full reorthogonalisation (twice is
/// enough: Parlett 1998, §6.9), restarted from the Ritz vector when the basis is full.
///
/// `start` must not be zero; the closer it is to the eigenvector, the fewer products it takes.
pub fn top_eigenpair(operator: &dyn LinearOperator, start: &[f64], search: Search) -> Eigenpair {
    let room = (BASIS_BYTES / (8 * operator.side().max(1))).clamp(4, BASIS_VECTORS);
    let mut best = Eigenpair {
        value: f64::NAN,
        vector: start.to_vec(),
        residual: f64::INFINITY,
        products: 0,
        converged: false,
    };
    while !best.converged && best.products < search.products {
        let products = room.min(search.products - best.products);
        best = cycle(operator, &best, products, search.tolerance);
    }
    best
}

/// One basis of at most `products` vectors.
fn cycle(
    operator: &dyn LinearOperator,
    from: &Eigenpair,
    products: usize,
    tolerance: f64,
) -> Eigenpair {
    let mut basis = vec![normalized(from.vector.clone())];
    let (mut diagonal, mut coupling) = (Vec::new(), Vec::new());
    loop {
        let newest = &basis[basis.len() - 1];
        let mut next = vec![0.0; operator.side()];
        operator.apply(newest, &mut next);
        diagonal.push(dot(newest, &next));
        orthogonalise(&mut next, &basis);
        let norm = dot(&next, &next).sqrt();
        let (value, weights) = top_ritz(&diagonal, &coupling);
        let residual = norm * weights[weights.len() - 1].abs();
        let converged = residual <= tolerance * value.abs();
        if converged || diagonal.len() == products || norm == 0.0 {
            return Eigenpair {
                value,
                vector: normalized(combine(&basis, &weights)),
                residual,
                products: from.products + diagonal.len(),
                converged: converged || norm == 0.0,
            };
        }
        coupling.push(norm);
        next.iter_mut().for_each(|x| *x /= norm);
        basis.push(next);
    }
}

/// Largest eigenvalue and eigenvector of the tridiagonal matrix.
fn top_ritz(diagonal: &[f64], coupling: &[f64]) -> (f64, Vec<f64>) {
    let side = diagonal.len();
    let tridiagonal = Mat::from_fn(side, side, |i, j| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => coupling[i.min(j)],
        _ => 0.0,
    });
    match tridiagonal.self_adjoint_eigen(Side::Lower) {
        Ok(eigen) => (eigen.S()[side - 1], eigen.U().col(side - 1).iter().copied().collect()),
        // Only matrices with NaN or infinity fail; the caller sees NaN and never converges.
        Err(_) => (f64::NAN, vec![f64::NAN; side]),
    }
}

fn orthogonalise(v: &mut [f64], basis: &[Vec<f64>]) {
    for _ in 0..2 {
        for direction in basis {
            let overlap = dot(v, direction);
            v.iter_mut().zip(direction).for_each(|(x, d)| *x -= overlap * d);
        }
    }
}

fn combine(basis: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; basis[0].len()];
    for (vector, weight) in basis.iter().zip(weights) {
        sum.iter_mut().zip(vector).for_each(|(s, v)| *s += weight * v);
    }
    sum
}

fn normalized(mut v: Vec<f64>) -> Vec<f64> {
    let norm = dot(&v, &v).sqrt();
    v.iter_mut().for_each(|x| *x /= norm);
    v
}

/// Eight partial sums, which the compiler keeps in a vector register.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut partial = [0.0; 8];
    for (x, y) in a.iter().zip(b) {
        for lane in 0..8 {
            partial[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    partial.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
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
        top_eigenpair(&operator, &start, Search { tolerance, products: 2000 })
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
        let found = top_eigenpair(&operator, &[1.0; 90], Search { tolerance: 1e-12, products: 3 });
        assert!(!found.converged);
        assert_eq!(found.products, 3);
    }
}
