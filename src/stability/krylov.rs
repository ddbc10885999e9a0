//! Lanczos for the Perron vector of F_μ, in the space of blocks.
//!
//! F_μ is symmetric in ⟨m, m'⟩ = Σ Tr(m_i m'_i), so the Krylov space of blocks (n·q² numbers a vector)
//! holds all that the iterations learn.

use faer::{Mat, Side};

use super::blocks::Blocks;

/// An orthonormal basis of a Krylov space of F.
#[derive(Debug)]
pub struct Krylov {
    basis: Vec<Blocks>,
    /// Row k: ⟨F q_k, q_j⟩ for j ≤ k.
    projected: Vec<Vec<f64>>,
    /// What orthogonalisation left of the last image.
    remainder: f64,
    exhausted: bool,
}

/// The largest Ritz value.
#[derive(Debug)]
pub struct Ritz {
    /// θ.
    pub value: f64,
    /// ‖F m − θm‖/θ for the unit Ritz vector m.
    pub residual: f64,
    weights: Vec<f64>,
}

impl Krylov {
    /// Starts from `vector`, not zero.
    pub fn new(mut vector: Blocks) -> Self {
        vector.scale(1.0 / vector.dot(&vector).sqrt());
        Self { basis: vec![vector], projected: vec![], remainder: 0.0, exhausted: false }
    }

    /// The basis vector whose image is to be given next.
    pub fn last(&self) -> &Blocks {
        &self.basis[self.basis.len() - 1]
    }

    /// Whether the space is invariant, as far as rounding lets one tell.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// Takes F of [`Krylov::last`].
    pub fn push(&mut self, image: &Blocks) {
        self.projected.push(self.basis.iter().map(|known| known.dot(image)).collect());
        let mut next = image.clone();
        orthogonalise(&mut next, &self.basis);
        let (before, after) = (image.dot(image).sqrt(), next.dot(&next).sqrt());
        self.remainder = after;
        self.exhausted = after <= 1e-14 * before || after == 0.0;
        if !self.exhausted {
            next.scale(1.0 / after);
            self.basis.push(next);
        }
    }

    /// The largest Ritz value; None before the first image or if the small eigenproblem fails.
    pub fn ritz(&self) -> Option<Ritz> {
        let size = self.projected.len();
        let projected = Mat::from_fn(size, size, |i, j| self.projected[i.max(j)][i.min(j)]);
        let eigen = projected.self_adjoint_eigen(Side::Lower).ok()?;
        let top = size.checked_sub(1)?;
        let weights: Vec<f64> = eigen.U().col(top).iter().copied().collect();
        let value = eigen.S()[top];
        let residual = (self.remainder * weights[top] / value).abs();
        Some(Ritz { value, residual, weights })
    }

    /// The unit Ritz vector, with a positive trace.
    pub fn vector(&self, ritz: &Ritz) -> Blocks {
        let mut sum = self.basis[0].clone();
        sum.scale(ritz.weights[0]);
        for (vector, weight) in self.basis.iter().zip(&ritz.weights).skip(1) {
            sum.add_scaled(*weight, vector);
        }
        if sum.trace() < 0.0 {
            sum.scale(-1.0);
        }
        sum
    }
}

/// Takes the parts along `basis` out of `vector`, twice; what they were.
pub fn orthogonalise(vector: &mut Blocks, basis: &[Blocks]) -> Vec<f64> {
    let mut parts = vec![0.0; basis.len()];
    for _ in 0..2 {
        for (part, known) in parts.iter_mut().zip(basis) {
            let overlap = known.dot(vector);
            vector.add_scaled(-overlap, known);
            *part += overlap;
        }
    }
    parts
}
