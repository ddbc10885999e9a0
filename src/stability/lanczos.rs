//! Largest eigenpairs of symmetric operators, several operators in lockstep.

use faer::{Mat, Side};

/// A Ritz pair and how well it satisfies the eigenvalue equation.
#[derive(Debug, Clone)]
pub struct Eigenpair {
    /// The Ritz value, at most the largest eigenvalue.
    pub value: f64,
    /// The unit Ritz vector.
    pub vector: Vec<f64>,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    /// Residual norm relative to the Ritz value.
    pub residual: f64,
    /// Applications at most.
    pub steps: usize,
}

/// Lanczos with full reorthogonalisation (Golub & Van Loan §10.3) for every column of `start`.
///
/// `apply` gets one vector of every operator as the columns of a matrix and returns their images,
/// so that operators which share a large matrix read it once.
pub fn largest(
    start: Mat<f64>,
    stop: Stop,
    mut apply: impl FnMut(&Mat<f64>) -> Mat<f64>,
) -> Vec<Eigenpair> {
    let mut runs: Vec<Run> = (0..start.ncols()).map(|_| Run::default()).collect();
    let mut current = start;
    for (c, run) in runs.iter_mut().enumerate() {
        run.extend(current.col(c).iter().copied().collect());
    }
    for step in 1..=stop.steps.min(current.nrows()) {
        for (c, run) in runs.iter().enumerate() {
            let last = &run.basis[run.basis.len() - 1];
            current.col_mut(c).iter_mut().zip(last).for_each(|(x, y)| *x = *y);
        }
        let images = apply(&current);
        for (c, run) in runs.iter_mut().enumerate().filter(|(_, run)| !run.finished) {
            run.advance(images.col(c).iter().copied().collect());
        }
        if step % 4 == 0 {
            runs.iter_mut().for_each(|run| run.check(stop.residual));
        }
        if runs.iter().all(|run| run.finished) {
            break;
        }
    }
    runs.iter().map(Run::result).collect()
}

/// A start vector with a component along everything: a fixed, irregular sequence.
pub fn irregular(rows: usize, columns: usize) -> Mat<f64> {
    /// The golden ratio's fractional part: its multiples are equidistributed.
    const STRIDE: f64 = 0.618_033_988_749_894_9;
    Mat::from_fn(rows, columns, |i, _| 0.5 + ((i + 1) as f64 * STRIDE).fract())
}

#[derive(Default)]
struct Run {
    basis: Vec<Vec<f64>>,
    diagonal: Vec<f64>,
    off_diagonal: Vec<f64>,
    finished: bool,
}

impl Run {
    /// Orthogonalises `vector` and appends it: false if nothing is left of it.
    fn extend(&mut self, mut vector: Vec<f64>) -> f64 {
        let before = norm(&vector);
        for _ in 0..2 {
            for known in &self.basis {
                let overlap = dot(known, &vector);
                vector.iter_mut().zip(known).for_each(|(x, y)| *x -= overlap * y);
            }
        }
        let after = norm(&vector);
        // What is left after cancelling all but rounding is not a direction.
        if after <= 1e-14 * before || after == 0.0 {
            return 0.0;
        }
        vector.iter_mut().for_each(|x| *x /= after);
        self.basis.push(vector);
        after
    }

    fn advance(&mut self, image: Vec<f64>) {
        let last = &self.basis[self.basis.len() - 1];
        self.diagonal.push(dot(last, &image));
        let off = self.extend(image);
        self.off_diagonal.push(off);
        self.finished = off == 0.0;
    }

    fn ritz(&self) -> Option<(f64, Vec<f64>)> {
        let size = self.diagonal.len();
        let mut projected = Mat::zeros(size, size);
        for k in 0..size {
            projected[(k, k)] = self.diagonal[k];
            if k + 1 < size {
                projected[(k + 1, k)] = self.off_diagonal[k];
            }
        }
        let eigen = projected.self_adjoint_eigen(Side::Lower).ok()?;
        let last = size.checked_sub(1)?;
        Some((eigen.S()[last], eigen.U().col(last).iter().copied().collect()))
    }

    fn check(&mut self, residual: f64) {
        if let (Some((value, weights)), Some(off)) = (self.ritz(), self.off_diagonal.last()) {
            self.finished |= (off * weights[weights.len() - 1]).abs() <= residual * value.abs();
        }
    }

    fn result(&self) -> Eigenpair {
        let (value, weights) = self.ritz().unwrap_or((0.0, vec![1.0]));
        let mut vector = vec![0.0; self.basis[0].len()];
        for (weight, known) in weights.iter().zip(&self.basis) {
            vector.iter_mut().zip(known).for_each(|(x, y)| *x += weight * y);
        }
        Eigenpair { value, vector }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_find_the_largest_eigenvalues_of_their_own_operators() {
        let values: Vec<f64> = (0..40).map(|k| f64::from(k) / 7.0).collect();
        let shifts = [0.0, 3.0];
        let pairs = largest(irregular(40, 2), Stop { residual: 1e-12, steps: 60 }, |x| {
            Mat::from_fn(40, 2, |i, c| (values[i] + shifts[c]) * x[(i, c)])
        });
        for (pair, shift) in pairs.iter().zip(shifts) {
            assert!((pair.value - (39.0 / 7.0 + shift)).abs() < 1e-12);
            assert!((pair.vector[39].abs() - 1.0).abs() < 1e-10);
        }
    }

    #[test]
    fn an_exhausted_krylov_space_ends_the_run() {
        let pairs = largest(irregular(5, 1), Stop { residual: 0.0, steps: 50 }, |x| x * 2.0);
        assert!((pairs[0].value - 2.0).abs() < 1e-15);
    }
}
