//! One step of linearised SGD as a small matrix, the same for every direction.

use faer::Mat;

/// (θ, u) ← (S_0 ⊗ I + b ⊗ (H_B, 0)) (θ, u), where u = ηv is the last displacement.
///
/// An optimizer without momentum has the component θ alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearStep {
    /// 1 for θ alone, 2 for θ and u.
    pub components: usize,
    /// S_0, row by row.
    pub constant: [[f64; 2]; 2],
    /// b: what the gradient H_Bθ is multiplied by in each component.
    pub gradient: [f64; 2],
}

impl LinearStep {
    /// The matrix of one component's direction with curvature `eigenvalue`: S_0 + λ b e_1ᵀ.
    pub fn matrix(&self, eigenvalue: f64) -> [[f64; 2]; 2] {
        let mut matrix = self.constant;
        for (row, b) in matrix.iter_mut().zip(self.gradient) {
            row[0] += eigenvalue * b;
        }
        matrix
    }

    /// E zzᵀ after one step, z = (θ, u) in the eigenbasis of H, component by component, from X before it and
    /// D(X_θθ) = E[H_B X_θθ H_B]:
    ///   M X Mᵀ + b bᵀ ⊗ (D(X_θθ) − H X_θθ H) with M = S_0 ⊗ I + b e_1ᵀ ⊗ H.
    pub fn next_second_moment(
        &self,
        x: &Mat<f64>,
        noise: &Mat<f64>,
        eigenvalues: &[f64],
    ) -> Mat<f64> {
        let rank = eigenvalues.len();
        if self.components == 1 {
            // M X Mᵀ − bb HXH without its cancellation.
            let ([s, _], [b, _]) = (self.constant[0], self.gradient);
            return Mat::from_fn(rank, rank, |i, j| {
                let decay = s * s + s * b * (eigenvalues[i] + eigenvalues[j]);
                decay * x[(i, j)] + b * b * noise[(i, j)]
            });
        }
        let steps: Vec<_> = eigenvalues.iter().map(|value| self.matrix(*value)).collect();
        Mat::from_fn(x.nrows(), x.ncols(), |row, column| {
            let ((i, a), (j, b)) = ((row / rank, row % rank), (column / rank, column % rank));
            let mut moment = 0.0;
            for k in 0..self.components {
                for l in 0..self.components {
                    moment += steps[a][i][k] * x[(k * rank + a, l * rank + b)] * steps[b][j][l];
                }
            }
            let excess = noise[(a, b)] - eigenvalues[a] * x[(a, b)] * eigenvalues[b];
            moment + self.gradient[i] * self.gradient[j] * excess
        })
    }

    /// λ_aλ_b η²g_ab by iterating the 2 × 2 recurrence, for tests.
    #[cfg(test)]
    pub(super) fn impulse_gramian(&self, a: f64, b: f64) -> f64 {
        let (left, right) = (self.matrix(a), self.matrix(b));
        let (mut x, mut y) = (self.gradient, self.gradient);
        let mut total = 0.0;
        let next = |m: [[f64; 2]; 2], z: [f64; 2]| {
            [m[0][0] * z[0] + m[0][1] * z[1], m[1][0] * z[0] + m[1][1] * z[1]]
        };
        for _ in 0..200_000 {
            total += x[0] * y[0];
            (x, y) = (next(left, x), next(right, y));
            if x[0].abs() + x[1].abs() + y[0].abs() + y[1].abs() < 1e-30 {
                break;
            }
        }
        total * a * b
    }
}
