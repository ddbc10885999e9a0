//! GMRES (Saad & Schultz, SIAM J. Sci. Stat. Comput. 7, 1986).

use super::vector::{Vector, combine, normalise, orthogonalise};

/// An approximate solution of Mx = b.
#[derive(Debug)]
pub struct Solution<V> {
    /// x; `None` if it is 0.
    pub vector: Option<V>,
    /// ‖b − Mx‖, up to the error of the applied M.
    pub residual: f64,
}

/// Solves Mx = `right` to within ‖b − Mx‖ ≤ `target`, in at most `steps` steps.
///
/// `apply` is M, or `None` when it may not be applied any more.
pub fn gmres<V: Vector>(
    mut right: V,
    target: f64,
    steps: usize,
    mut apply: impl FnMut(&V) -> Option<V>,
) -> Solution<V> {
    let mut problem = LeastSquares::new(normalise(&mut right));
    let mut basis = vec![right];
    while problem.residual() > target && basis.len() <= steps {
        let Some(mut next) = apply(&basis[basis.len() - 1]) else { break };
        let mut column = orthogonalise(&mut next, &basis);
        column.push(normalise(&mut next));
        problem.push(column);
        basis.push(next);
    }
    let weights = problem.solution();
    let vector = (!weights.is_empty()).then(|| combine(&weights, &basis));
    Solution { vector, residual: problem.residual() }
}

/// min ‖βe_1 − Hy‖ for a growing Hessenberg matrix H, by Givens rotations.
struct LeastSquares {
    /// The columns of the triangular factor.
    columns: Vec<Vec<f64>>,
    rotations: Vec<(f64, f64)>,
    /// The rotated right-hand side; its last entry is what cannot be reached.
    right: Vec<f64>,
}

impl LeastSquares {
    fn new(beta: f64) -> Self {
        Self { columns: vec![], rotations: vec![], right: vec![beta] }
    }

    fn residual(&self) -> f64 {
        self.right[self.right.len() - 1].abs()
    }

    /// Takes column k of H, of k + 2 entries.
    fn push(&mut self, mut column: Vec<f64>) {
        let k = self.columns.len();
        for (i, (c, s)) in self.rotations.iter().enumerate() {
            let (a, b) = (column[i], column[i + 1]);
            (column[i], column[i + 1]) = (c * a + s * b, c * b - s * a);
        }
        let length = column[k].hypot(column[k + 1]);
        let (c, s) =
            if length > 0.0 { (column[k] / length, column[k + 1] / length) } else { (1.0, 0.0) };
        column.truncate(k);
        column.push(length);
        let last = self.right[k];
        self.right[k] = c * last;
        self.right.push(-s * last);
        self.rotations.push((c, s));
        self.columns.push(column);
    }

    /// The y that attains the minimum; an unreachable direction is left out.
    fn solution(&self) -> Vec<f64> {
        let mut y = self.right[..self.columns.len()].to_vec();
        for k in (0..y.len()).rev() {
            let pivot = self.columns[k][k];
            y[k] = if pivot > 0.0 { y[k] / pivot } else { 0.0 };
            let (above, rest) = y.split_at_mut(k);
            for (entry, h) in above.iter_mut().zip(&self.columns[k]) {
                *entry -= h * rest[0];
            }
        }
        y
    }
}
