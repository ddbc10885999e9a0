//! How one direction of constant curvature moves under full batches.

use super::linear_step::LinearStep;

/// A direction in the plane of position and velocity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearMode {
    /// The modulus of its eigenvalue: growth per step.
    pub modulus: f64,
    /// A unit vector; its second entry is 0 for an optimizer without momentum.
    pub direction: [f64; 2],
}

impl LinearStep {
    /// As many orthonormal directions as there are components, the fastest one first: along the eigenvector of the
    /// larger eigenvalue if the eigenvalues of [`LinearStep::matrix`] are real.
    pub fn modes(&self, eigenvalue: f64) -> Vec<LinearMode> {
        let matrix = self.matrix(eigenvalue);
        if self.components == 1 {
            return vec![LinearMode { modulus: matrix[0][0].abs(), direction: [1.0, 0.0] }];
        }
        let (middle, determinant) = (0.5 * (matrix[0][0] + matrix[1][1]), determinant(matrix));
        let discriminant = middle * middle - determinant;
        if discriminant < 0.0 {
            let modulus = determinant.sqrt();
            return [[1.0, 0.0], [0.0, 1.0]]
                .map(|direction| LinearMode { modulus, direction })
                .to_vec();
        }
        let top = middle + discriminant.sqrt().copysign(middle);
        // Both rows of M − top·I are orthogonal to the eigenvector.
        let rows = [[matrix[0][0] - top, matrix[0][1]], [matrix[1][0], matrix[1][1] - top]];
        let length = |row: [f64; 2]| row[0].hypot(row[1]);
        let row = if length(rows[0]) >= length(rows[1]) { rows[0] } else { rows[1] };
        let normal = match length(row) {
            0.0 => [0.0, 1.0],
            length => row.map(|x| x / length),
        };
        let other = if top == 0.0 { 0.0 } else { determinant / top };
        vec![
            LinearMode { modulus: top.abs(), direction: [normal[1], -normal[0]] },
            LinearMode { modulus: other.abs(), direction: normal },
        ]
    }

    /// The spectral radius of [`LinearStep::matrix`].
    pub fn spectral_radius(&self, eigenvalue: f64) -> f64 {
        self.modes(eigenvalue)[0].modulus
    }

    /// By how much full batches can lengthen (θ, u) before it moves as its spectral radius says: about the largest
    /// ‖Mᵏ‖/max(ρ, 1)ᵏ, at k = 0, 1, 2, 4, 8, …. It is 1 without momentum, and of the order 1/(1 − m) with it.
    pub fn transient_growth(&self, eigenvalue: f64) -> f64 {
        /// Powers up to 2⁴⁰ steps.
        const DOUBLINGS: usize = 40;
        let scale = self.spectral_radius(eigenvalue).max(1.0);
        let mut power = self.matrix(eigenvalue).map(|row| row.map(|x| x / scale));
        if self.components == 1 {
            return 1.0;
        }
        let mut largest = 1.0_f64;
        for _ in 0..DOUBLINGS {
            let norm = power.as_flattened().iter().map(|x| x * x).sum::<f64>().sqrt();
            // Rounding of ρ would be raised to the power too.
            if !norm.is_finite() || norm < 1e-3 {
                break;
            }
            largest = largest.max(norm);
            power = product(power, power);
        }
        largest
    }

    /// Steps until a gradient has had most of its effect: 1/(1 − m), 1 without momentum.
    pub fn memory(&self) -> u64 {
        (1.0 / (1.0 - determinant(self.constant).abs())).ceil() as u64
    }

    /// Where a unit gradient of one step has moved θ in the end, if nothing brings it back.
    pub fn displacement(&self) -> f64 {
        let ([_, coupling], [first, later]) = (self.constant[0], self.gradient);
        first + coupling * later / (1.0 - self.constant[1][1])
    }
}

fn determinant(matrix: [[f64; 2]; 2]) -> f64 {
    matrix[0][0] * matrix[1][1] - matrix[0][1] * matrix[1][0]
}

fn product(a: [[f64; 2]; 2], b: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    [0, 1].map(|i| [0, 1].map(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::{HeavyBall, UpdateRule};

    fn heavy_ball(momentum: f64, step_size: f64) -> LinearStep {
        HeavyBall { momentum, weight_decay: 0.0 }.linear_step(step_size)
    }

    fn times(matrix: [[f64; 2]; 2], x: [f64; 2]) -> [f64; 2] {
        matrix.map(|row| row[0] * x[0] + row[1] * x[1])
    }

    #[test]
    fn the_first_direction_is_the_eigenvector_of_the_larger_real_eigenvalue() {
        for (momentum, curvature) in [(0.5, 0.01), (0.9, 0.002), (0.9, 3.85), (0.3, 0.0)] {
            let step = heavy_ball(momentum, 1.0);
            let modes = step.modes(curvature);
            let image = times(step.matrix(curvature), modes[0].direction);
            let along: f64 = image.iter().zip(modes[0].direction).map(|(x, y)| x * y).sum();
            let off = image[0] * modes[1].direction[0] + image[1] * modes[1].direction[1];
            assert!((along.abs() - modes[0].modulus).abs() < 1e-12, "{momentum} {curvature}");
            assert!(off.abs() < 1e-12 && modes[0].modulus >= modes[1].modulus, "{off}");
            assert!((modes[0].modulus * modes[1].modulus - momentum).abs() < 1e-12);
        }
    }

    #[test]
    fn complex_eigenvalues_have_the_root_of_the_determinant() {
        let step = heavy_ball(0.9, 1.0);
        assert!((step.spectral_radius(1.0) - 0.9_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn transients_are_those_of_long_products() {
        for (momentum, curvature) in [(0.9, 0.0), (0.99, 1e-5), (0.9, 3.8), (0.5, 1.0)] {
            let step = heavy_ball(momentum, 1.0);
            let (matrix, mut power) = (step.matrix(curvature), [[1.0, 0.0], [0.0, 1.0]]);
            let mut longest = 1.0_f64;
            for _ in 0..2000 {
                power = product(matrix, power);
                longest =
                    longest.max(power.as_flattened().iter().map(|x| x * x).sum::<f64>().sqrt());
            }
            let found = step.transient_growth(curvature);
            assert!(found <= 1.001 * longest && found > 0.5 * longest, "{found} {longest}");
        }
        assert_eq!(heavy_ball(0.0, 1.0).transient_growth(1.7), 1.0);
    }

    #[test]
    fn a_velocity_carries_on_for_its_memory() {
        assert_eq!((heavy_ball(0.0, 0.3).memory(), heavy_ball(0.75, 0.3).memory()), (1, 4));
        assert!((heavy_ball(0.75, 0.3).displacement() + 1.2).abs() < 1e-15);
    }
}
