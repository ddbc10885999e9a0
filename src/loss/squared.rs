//! The squared error φ = ‖f − y‖²: ∇φ = 2(f − y), ∇²φ = 2I, infimum 0.

use burn_tensor::Tensor;
use faer::{Mat, MatRef};

use super::function::LossFunction;

/// ‖f − y‖².
#[derive(Debug)]
pub struct Squared;

impl LossFunction for Squared {
    fn derivative_factor(&self) -> f64 {
        2.0
    }

    fn infimum(&self, _: &[f32], _: usize) -> f64 {
        0.0
    }

    fn is_squared(&self) -> bool {
        true
    }

    fn tensor_sum(&self, outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        let residual = outputs - targets;
        (residual.clone() * residual).sum()
    }

    fn batched(&self, outputs: Tensor<3>, targets: Tensor<3>) -> (Tensor<1>, Tensor<3>) {
        let residual = outputs - targets;
        let [runs, batch, outputs] = residual.dims();
        let flat = residual.clone().reshape([runs, batch * outputs]);
        ((flat.clone() * flat).sum_dim(1).reshape([runs]), residual)
    }

    fn residuals_in_place(
        &self,
        outputs: &mut [f32],
        targets: &mut dyn Iterator<Item = &[f32]>,
    ) -> f64 {
        let (mut rest, mut sum) = (outputs, 0.0);
        for target in targets {
            let (row, after) = rest.split_at_mut(target.len());
            for (value, target) in row.iter_mut().zip(target) {
                *value -= target;
                sum += f64::from(*value).powi(2);
            }
            rest = after;
        }
        sum
    }

    fn sum(&self, outputs: MatRef<'_, f64>, targets: MatRef<'_, f64>) -> f64 {
        self.residuals(outputs, targets).squared_norm_l2()
    }

    fn residuals(&self, outputs: MatRef<'_, f64>, targets: MatRef<'_, f64>) -> Mat<f64> {
        outputs - targets
    }

    fn root_rows(&self, outputs: usize) -> usize {
        outputs
    }

    fn roots(&self, outputs: MatRef<'_, f64>) -> Mat<f64> {
        let q = outputs.ncols();
        Mat::from_fn(outputs.nrows() * q, q, |row, k| f64::from(u8::from(row % q == k)))
    }

    fn apply_transposed_roots(&self, _: MatRef<'_, f64>, rows: Mat<f64>) -> Mat<f64> {
        rows
    }

    fn apply_curvature(&self, _: MatRef<'_, f64>, rows: Mat<f64>) -> Mat<f64> {
        rows
    }
}

#[cfg(test)]
mod tests {
    use burn_tensor::{Device, TensorData};

    use super::super::Loss;

    /// Two samples of three outputs, small whole numbers so that nothing rounds.
    const OUTPUTS: [f32; 6] = [1.0, -2.0, 0.5, 3.0, 0.0, -1.0];
    const TARGETS: [f32; 6] = [0.0, 1.0, 0.5, 1.0, -1.0, 0.0];
    const SUM: f64 = 1.0 + 9.0 + 4.0 + 1.0 + 1.0;

    fn matrix(values: &[f32]) -> faer::Mat<f64> {
        faer::Mat::from_fn(2, 3, |i, k| f64::from(values[3 * i + k]))
    }

    #[test]
    fn all_forms_give_the_same_numbers() {
        let function = Loss::squared(0.5).function();
        let (f, y) = (matrix(&OUTPUTS), matrix(&TARGETS));
        let residuals = function.residuals(f.as_ref(), y.as_ref());
        assert_eq!(function.sum(f.as_ref(), y.as_ref()), SUM);
        let mut in_place = OUTPUTS;
        assert_eq!(function.residuals_in_place(&mut in_place, &mut TARGETS.chunks(3)), SUM);
        assert_eq!(matrix(&in_place), residuals);
        let tensor = |values: &[f32; 6]| {
            let data = TensorData::new(values.to_vec(), [2, 3]);
            burn_tensor::Tensor::<2>::from_data(data, &Device::flex())
        };
        let sum = function.tensor_sum(tensor(&OUTPUTS), tensor(&TARGETS)).into_data();
        assert_eq!(sum.iter::<f64>().next(), Some(SUM));
        let (sums, residual) =
            function.batched(tensor(&OUTPUTS).unsqueeze(), tensor(&TARGETS).unsqueeze());
        assert_eq!(sums.into_data().iter::<f64>().next(), Some(SUM));
        assert_eq!(residual.into_data().iter::<f32>().collect::<Vec<_>>(), in_place);
    }

    #[test]
    fn residual_and_root_are_the_derivatives() {
        let loss = Loss::squared(0.5);
        let (f, y) = (matrix(&OUTPUTS), matrix(&TARGETS));
        let step = 1e-3;
        let at = |k: usize, along: f64| {
            let mut moved = f.clone();
            moved[(1, k)] += along;
            loss.factor() * loss.function().sum(moved.as_ref(), y.as_ref())
        };
        let residuals = loss.function().residuals(f.as_ref(), y.as_ref());
        let roots = loss.function().roots(f.as_ref());
        for k in 0..3 {
            let slope = (at(k, step) - at(k, -step)) / (2.0 * step);
            assert!((slope - loss.derivative_factor() * residuals[(1, k)]).abs() < 1e-9);
            let bend = (at(k, step) - 2.0 * at(k, 0.0) + at(k, -step)) / (step * step);
            let column = roots.col(k).subrows(3, 3).squared_norm_l2();
            assert!((bend - loss.derivative_factor() * column).abs() < 1e-6);
        }
    }
}
