//! Arnoldi's method for the Perron eigenvalue of an operator that maps a cone into itself (Saad, Numerical
//! Methods for Large Eigenvalue Problems, §6.2).

use faer::Mat;

/// The largest real eigenvalue found, its vector, and ‖Mv − λv‖ of the unit vector.
#[derive(Debug, Clone)]
pub struct PerronPair {
    pub value: f64,
    pub vector: Vec<f64>,
    pub residual: f64,
}

/// Largest dimension of a Krylov space, of which vectors are few and short.
const SPACE: usize = 128;
/// The first dimension at which eigenvalues are looked for; then at half as many again.
const FIRST_LOOK: usize = 8;
/// A remainder below this part of the largest image along itself is rounding.
const INVARIANT: f64 = 1e-13;
/// Most restarts.
const RESTARTS: usize = 3;

/// The spectral radius of a linear operator with a Perron eigenvector, from a `start` that is not
/// orthogonal to the left one, until the residual is below `tolerance` times the value.
///
/// The method is restarted with the vector found, a few times: the residual tells whether that was enough. The
/// operator need not be symmetric.
pub fn perron_pair(
    start: Vec<f64>,
    tolerance: f64,
    mut apply: impl FnMut(&[f64]) -> Vec<f64>,
) -> PerronPair {
    let mut best = PerronPair { value: 0.0, vector: start, residual: f64::INFINITY };
    for _ in 0..RESTARTS {
        best = expand(&best.vector, tolerance, &mut apply);
        if best.residual <= tolerance * best.value.abs() {
            break;
        }
    }
    best
}

/// The same of an operator on symmetric matrices of this side, row by row, from its whole matrix: for operators that
/// are so far from normal that the Ritz values of a Krylov space say little, and small.
pub fn dense_perron_pair(side: usize, mut apply: impl FnMut(&[f64]) -> Vec<f64>) -> PerronPair {
    let entries: Vec<(usize, usize)> =
        (0..side).flat_map(|a| (a..side).map(move |b| (a, b))).collect();
    let symmetric = |weights: &[f64]| {
        let mut vector = vec![0.0; side * side];
        for (&(a, b), weight) in entries.iter().zip(weights) {
            vector[a * side + b] = *weight;
            vector[b * side + a] = *weight;
        }
        vector
    };
    let mut matrix = Mat::zeros(entries.len(), entries.len());
    for column in 0..entries.len() {
        let mut unit = vec![0.0; entries.len()];
        unit[column] = 1.0;
        let image = apply(&symmetric(&unit));
        for (row, &(a, b)) in entries.iter().enumerate() {
            matrix[(row, column)] = image[a * side + b];
        }
    }
    let (value, weights) = largest_real(&matrix);
    PerronPair { value, vector: symmetric(&weights), residual: 0.0 }
}

/// One Krylov space, as large as is needed.
fn expand(start: &[f64], tolerance: f64, apply: &mut impl FnMut(&[f64]) -> Vec<f64>) -> PerronPair {
    let length = norm(start);
    let mut basis = vec![start.iter().map(|x| x / length).collect::<Vec<f64>>()];
    let mut projected = Mat::<f64>::zeros(SPACE + 1, SPACE);
    let mut look = FIRST_LOOK;
    loop {
        let size = basis.len();
        let mut image = apply(&basis[size - 1]);
        for _ in 0..2 {
            for (i, vector) in basis.iter().enumerate() {
                let along: f64 = vector.iter().zip(&image).map(|(v, x)| v * x).sum();
                image.iter_mut().zip(vector).for_each(|(x, v)| *x -= along * v);
                projected[(i, size - 1)] += along;
            }
        }
        let rest = norm(&image);
        // Nothing but rounding is left of an image in an invariant space.
        let scale = (0..size).map(|k| projected[(k, k)].abs()).fold(0.0, f64::max);
        let invariant = rest.is_nan() || rest <= INVARIANT * scale;
        if size == look || size == SPACE || invariant {
            look += look / 2;
            let (value, weights) = largest_real(&projected.submatrix(0, 0, size, size).to_owned());
            let residual = rest * weights[size - 1].abs();
            let converged = residual.is_nan() || residual <= tolerance * value.abs();
            if converged || size == SPACE || invariant {
                let mut vector = vec![0.0; start.len()];
                for (weight, column) in weights.iter().zip(&basis) {
                    vector.iter_mut().zip(column).for_each(|(x, v)| *x += weight * v);
                }
                return PerronPair { value, vector, residual };
            }
        }
        projected[(size, size - 1)] = rest;
        basis.push(image.into_iter().map(|x| x / rest).collect());
    }
}

/// The eigenvalue of largest real part and its real unit vector; NaN where there is none.
fn largest_real(matrix: &Mat<f64>) -> (f64, Vec<f64>) {
    let size = matrix.nrows();
    let failed = || (f64::NAN, vec![f64::NAN; size]);
    let Ok(eigen) = matrix.eigen() else { return failed() };
    let values = eigen.S().column_vector();
    let Some(top) = (0..size).max_by(|&a, &b| values[a].re.total_cmp(&values[b].re)) else {
        return failed();
    };
    let column = eigen.U().col(top);
    // A complex factor is removed by that of the largest entry.
    let size_of = |k: usize| column[k].re.hypot(column[k].im);
    let Some(largest) = (0..size).max_by(|&a, &b| size_of(a).total_cmp(&size_of(b))) else {
        return failed();
    };
    let (re, im) = (column[largest].re, column[largest].im);
    let real: Vec<f64> = (0..size).map(|k| column[k].re * re + column[k].im * im).collect();
    let length = norm(&real);
    (values[top].re, real.into_iter().map(|x| x / length).collect())
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positive_matrices_have_their_perron_root() {
        // Column sums of 1 after scaling: the root of a stochastic matrix times 3 is 3.
        let side = 40;
        let entry = |i: usize, j: usize| ((7 * i + 3 * j) % 11 + 1) as f64;
        let sums: Vec<f64> = (0..side).map(|j| (0..side).map(|i| entry(i, j)).sum()).collect();
        let apply = |x: &[f64]| -> Vec<f64> {
            (0..side).map(|i| (0..side).map(|j| 3.0 * entry(i, j) / sums[j] * x[j]).sum()).collect()
        };
        let found = perron_pair((0..side).map(|k| 1.0 + k as f64).collect(), 1e-12, apply);
        assert!((found.value - 3.0).abs() < 1e-11, "{found:?}");
    }

    #[test]
    fn near_eigenvalues_and_small_spaces_are_no_obstacle() {
        let values: Vec<f64> = (0..60).map(|k| 1.0 - 1e-3 * k as f64).collect();
        let apply = |x: &[f64]| x.iter().zip(&values).map(|(x, value)| x * value).collect();
        let found = perron_pair(vec![1.0; 60], 1e-10, apply);
        assert!((found.value - 1.0).abs() < 1e-10, "{}", found.value);
        let found = perron_pair(vec![2.0], 1e-10, |x| vec![0.25 * x[0]]);
        assert_eq!(found.value, 0.25);
    }
}
