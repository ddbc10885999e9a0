//! Whether a minimum is regular in the sense of \[C\], so that the sign of λ decides.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::gram::Gram;
use crate::optimizer::Optimizer;

/// Why a minimum is not regular at a step size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Violation {
    /// ηλ is 1 or 2 for an eigenvalue λ of H_i, with weight decay of H_i + wI: a step on sample i alone ends the
    /// motion in a direction (1) or reflects it without loss (2). For one output λ is \[C\]'s ‖∇f_i‖².
    Resonance {
        /// i.
        sample: usize,
        /// The eigenvalue of H_i.
        eigenvalue: f64,
        /// 1 or 2.
        product: u8,
    },
    /// The samples fall into groups with G_ij = 0 between them, each with its own exponent.
    OrthogonalGroups {
        /// Samples in each group, largest first.
        sizes: Vec<usize>,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resonance { sample, eigenvalue, product } => {
                write!(f, "η times the eigenvalue {eigenvalue:.4e} of sample {sample} is {product}")
            }
            Self::OrthogonalGroups { sizes } => {
                write!(f, "the samples fall into {} orthogonal groups of ", sizes.len())?;
                let shown: Vec<String> = sizes.iter().take(5).map(usize::to_string).collect();
                write!(f, "{}{}", shown.join(", "), if sizes.len() > 5 { ", …" } else { "" })
            }
        }
    }
}

/// Relative distance at which η·λ counts as 1 or 2, and an overlap as 0: single precision.
const TOLERANCE: f64 = 1e-6;

/// Every violation at the step size η; empty for a regular minimum. \[C\]'s theorems are for B = 1.
///
/// With momentum a step of one sample has no resonance: it neither ends a motion nor reflects all of it.
pub fn violations(gram: &Gram, optimizer: Optimizer, step_size: f64) -> Vec<Violation> {
    let mut violations = orthogonal_groups(gram)
        .map_or(Vec::new(), |sizes| vec![Violation::OrthogonalGroups { sizes }]);
    let step = optimizer.rule().linear_step(step_size);
    if step.components > 1 {
        return violations;
    }
    let decay = optimizer.rule().penalty();
    for sample in 0..gram.samples() {
        for eigenvalue in gram.sample_eigenvalues(sample) {
            let eigenvalue = eigenvalue + decay;
            let near =
                |product: f64| (step_size * eigenvalue - product).abs() < TOLERANCE * product;
            let product = [1_u8, 2].into_iter().find(|&product| near(f64::from(product)));
            violations.extend(product.map(|product| Violation::Resonance {
                sample,
                eigenvalue,
                product,
            }));
        }
    }
    violations
}

/// Sizes of the connected components of the graph of nonzero G_ij, if there are several; samples
/// without any curvature belong to none.
fn orthogonal_groups(gram: &Gram) -> Option<Vec<usize>> {
    let n = gram.samples();
    let norms: Vec<f64> = (0..n).map(|i| gram.block(i, i).norm_l2()).collect();
    let mut unseen: Vec<usize> = (0..n).filter(|&i| norms[i] > 0.0).collect();
    let mut sizes = Vec::new();
    while let Some(first) = unseen.pop() {
        let mut group = vec![first];
        let mut next = 0;
        while next < group.len() {
            let i = group[next];
            let linked = |j: usize| {
                // ‖G_ij‖ ≤ √(‖G_ii‖‖G_jj‖) by Cauchy and Schwarz.
                gram.block(i, j).norm_l2() > TOLERANCE * (norms[i] * norms[j]).sqrt()
            };
            let (joined, apart): (Vec<usize>, Vec<usize>) =
                unseen.into_iter().partition(|&j| linked(j));
            group.extend(joined);
            unseen = apart;
            next += 1;
        }
        sizes.push(group.len());
    }
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    (sizes.len() > 1).then_some(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;

    #[test]
    fn resonances_and_groups_are_found_and_nothing_else() {
        let mut matrix = Mat::from_fn(4, 4, |i, j| if i == j { 2.0 } else { 0.5 });
        let connected = Gram::new(matrix.clone(), 1).unwrap();
        assert_eq!(violations(&connected, Optimizer::Sgd, 0.3), []);
        let resonant = violations(&connected, Optimizer::Sgd, 0.5);
        assert_eq!(resonant.len(), 4);
        assert!(matches!(resonant[0], Violation::Resonance { product: 1, .. }));
        for (i, j) in [(0, 1), (0, 2), (0, 3)] {
            matrix[(i, j)] = 0.0;
            matrix[(j, i)] = 0.0;
        }
        let split = Gram::new(matrix, 1).unwrap();
        assert_eq!(
            violations(&split, Optimizer::Sgd, 0.3),
            [Violation::OrthogonalGroups { sizes: vec![3, 1] }]
        );
    }
}
