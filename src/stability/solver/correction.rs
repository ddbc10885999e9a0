//! The correction of an approximate Perron vector m by its image in double precision.
//!
//! With ρ = ⟨m, F(m)⟩/⟨m, m⟩ and r = F(m)/ρ − m, the Perron vector is m + δ where δ − F(δ)/ρ = r. As
//! F(m) is known, an approximate F is applied to δ alone, and its errors are relative to δ: an accurate
//! F(m) is enough to make m + δ accurate.
//!
//! The Collatz–Wielandt test of the certificate is one-sided: blocks may be larger than necessary. (Some
//! are as small as rounding allows, and no change of them makes r vanish.) So the right-hand side is
//! r̃ − θm. Here r̃ ⪰ r grows where r does and shrinks as little as possible, and θ = ⟨m, r̃⟩/⟨m, m⟩,
//! without which there is no solution; then F(m + δ)/ρ ⪯ m + δ + θm.
//!
//! The test is relative to each block of m. Hence GMRES preconditioned by m, which minimises the residual
//! in the norm Σ‖m_i^{−1/2} · m_i^{−1/2}‖_F²: small blocks count as much as large ones, and a group of
//! samples that is coupled nearly as strongly as all samples costs an iteration or two.

use super::blocks::Blocks;
use crate::linalg::{Vector, gmres::gmres};

/// m + δ and how good it is.
#[derive(Debug)]
pub struct Corrected {
    /// m + δ.
    pub vector: Blocks,
    /// F(m + δ) ⪯ ρ(m + δ) + ρ·`residual`·m, up to the error of the applied F.
    pub residual: f64,
}

/// GMRES until the residual is at most `target`, for blocks m ≻ 0 with image F(m). `apply` is F, or
/// `None` when it may not be applied any more.
pub fn corrected(
    m: &Blocks,
    image: &Blocks,
    target: f64,
    mut apply: impl FnMut(&Blocks) -> Option<Blocks>,
) -> Corrected {
    /// Iterations at most.
    const STEPS: usize = 60;
    /// The most by which a block may shrink, relative, so that it stays positive.
    const SHRINKAGE: f64 = 0.9;
    let radius = m.dot(image) / m.dot(m);
    let (roots, inverses) = (m.mapped(f64::sqrt), m.mapped(|value| value.sqrt().recip()));
    let mut gap = image.clone();
    gap.scale(1.0 / radius);
    gap.add_scaled(-1.0, m);

    let (mut first, unreachable) =
        right_hand_side(m, &gap.congruence(&inverses), &roots, 0.2 * target);
    first.add_diagonal(-unreachable);
    let found = gmres(first, target, STEPS, |direction| {
        let mut change = apply(&direction.congruence(&roots))?;
        change.scale(-1.0 / radius);
        let mut image = change.congruence(&inverses);
        image.add_scaled(1.0, direction);
        Some(image)
    });

    let mut vector = m.clone();
    if let Some(change) = found.vector {
        let change = change.mapped(|value| value.max(-SHRINKAGE));
        vector.add_scaled(1.0, &change.congruence(&roots));
    }
    Corrected { vector, residual: found.residual + unreachable }
}

/// r̃ from r = `gap`, both relative to m, and θ.
///
/// Blocks that are too large shrink by no more than it takes to bring θ down to `negligible`.
fn right_hand_side(m: &Blocks, gap: &Blocks, roots: &Blocks, negligible: f64) -> (Blocks, f64) {
    const MOST: f64 = 0.5;
    let mut shrinkage = negligible;
    loop {
        let wanted = gap.mapped(|value| value.max(-shrinkage));
        let unreachable = m.dot(&wanted.congruence(roots)) / m.dot(m);
        let enough = unreachable.abs() <= negligible || unreachable.is_nan();
        if enough || shrinkage >= MOST {
            return (wanted, unreachable);
        }
        shrinkage = (4.0 * shrinkage).min(MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stability::solver::certificate::collatz_wielandt;

    const SAMPLES: usize = 40;

    /// F_ij = x_i x_j + a weaker coupling within the last ten samples, whose own part is small.
    fn entry(i: usize, j: usize) -> f64 {
        let size = |i: usize| if i < 30 { 1.0 + (i % 7) as f64 } else { 1e-4 };
        let norm: f64 = (0..SAMPLES).map(|i| size(i).powi(2)).sum();
        let group = if i >= 30 && j >= 30 { 0.099 } else { 0.0 };
        size(i) * size(j) / norm + group
    }

    fn map(m: &Blocks, error: f64) -> Blocks {
        let values: Vec<f64> = m.iter().map(|block| block[0]).collect();
        let mut image = Blocks::zeros(SAMPLES, 1);
        for (i, target) in image.entries_mut().iter_mut().enumerate() {
            let off = |j: usize| 1.0 + error * (((i * 13 + j * 7) % 11) as f64 - 5.0) / 5.0;
            *target = values.iter().enumerate().map(|(j, x)| off(j) * entry(i, j) * x).sum();
        }
        image
    }

    fn radius(m: &Blocks) -> f64 {
        m.dot(&map(m, 0.0)) / m.dot(m)
    }

    fn excess(m: &Blocks) -> f64 {
        let mut image = map(m, 0.0);
        image.scale(1.0 / radius(m));
        collatz_wielandt(m, &image, |_| 0.0) - 1.0
    }

    /// As from Lanczos' method: accurate where it is large, far too small elsewhere.
    fn start() -> Blocks {
        let mut m = Blocks::zeros(SAMPLES, 1);
        m.entries_mut().iter_mut().enumerate().for_each(|(i, x)| *x = entry(i, 0));
        m.scale(1.0 / m.largest_norm());
        m
    }

    #[test]
    fn what_is_left_is_what_it_says() {
        let m = start();
        assert!(excess(&m) > 1e-3, "{}", excess(&m));
        for target in [1e-2, 1e-3, 1e-4] {
            let found = corrected(&m, &map(&m, 0.0), target, |x| Some(map(x, 0.0)));
            assert!(found.residual <= 2.0 * target, "{}", found.residual);
            // δ ⪰ 0 here, so that m on the right-hand side is below m + δ.
            assert!(excess(&found.vector) <= 1.01 * found.residual + 1e-12, "{found:?}");
        }
    }

    #[test]
    fn an_inaccurate_map_is_enough() {
        let mut m = start();
        let before = excess(&m);
        for _ in 0..3 {
            let image = map(&m, 0.0);
            m = corrected(&m, &image, 1e-9, |x| Some(map(x, 1e-2))).vector;
        }
        assert!(excess(&m) < 1e-4 * before, "{} of {before}", excess(&m));
    }

    #[test]
    fn without_a_single_product_nothing_changes() {
        let m = start();
        assert_eq!(corrected(&m, &map(&m, 0.0), 1e-9, |_| None).vector, m);
    }
}
