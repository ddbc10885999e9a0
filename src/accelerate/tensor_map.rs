//! F_μ as tensor operations.

use std::sync::MutexGuard;

use burn_tensor::{Device, Tensor, TensorData};
use faer::MatRef;

use super::panics::catch_panics;
use crate::optimizer::Kernel;
use crate::stability::solver::accelerator::{AcceleratorError, DeviceMap};
use crate::stability::solver::blocks::Blocks;
use crate::stability::spectrum::Spectrum;

/// V and Λ on a device, with the lock on it.
pub struct TensorMap<'a> {
    samples: usize,
    outputs: usize,
    /// V, nq × r.
    vectors: Tensor<2>,
    /// (λ_1/λ_a − 1)/2, `[r, 1]`.
    excess: Tensor<2>,
    device: Device,
    _in_use: MutexGuard<'a, ()>,
}

impl<'a> TensorMap<'a> {
    /// Copies V and Λ to `device`.
    pub fn new(spectrum: &Spectrum, device: &Device, in_use: MutexGuard<'a, ()>) -> Self {
        let largest = spectrum.sharpness();
        let excess =
            spectrum.eigenvalues().iter().map(|value| (0.5 * (largest / value - 1.0)) as f32);
        let excess = TensorData::new(excess.collect::<Vec<_>>(), [spectrum.rank(), 1]);
        Self {
            samples: spectrum.samples(),
            outputs: spectrum.outputs(),
            vectors: Tensor::from_data(row_major(spectrum.vectors().view()), device),
            excess: Tensor::from_data(excess, device),
            device: device.clone(),
            _in_use: in_use,
        }
    }

    /// Z = κ ∘ (VᵀmV), r × r.
    ///
    /// κ_ab = 1/(μ(λ_a⁻¹ + λ_b⁻¹)/2 − α) = 1/((μ − α) + μ(e_a + e_b)) in units of λ_1, with
    /// e = (λ⁻¹ − 1)/2 ≥ 0: nothing cancels in single precision.
    fn half(&self, m: &Blocks, kernel: Kernel) -> Tensor<2> {
        let (q, [side, rank]) = (self.outputs, self.vectors.dims());
        let blocks: Vec<f32> = m.iter().flatten().map(|&x| x as f32).collect();
        let blocks = TensorData::new(blocks, [self.samples, q, q]);
        let blocks = Tensor::<3>::from_data(blocks, &self.device);
        let product = multiply(blocks, self.blocks_of(&self.vectors)).reshape([side, rank]);
        let projected = self.vectors.clone().transpose().matmul(product);
        let sum = self.excess.clone() + self.excess.clone().transpose();
        projected / (sum * kernel.scale + (kernel.scale - kernel.alpha))
    }

    /// The rows of a matrix, sample by sample: `[n, q, r]`.
    fn blocks_of(&self, matrix: &Tensor<2>) -> Tensor<3> {
        let [_, rank] = matrix.dims();
        matrix.clone().reshape([self.samples, self.outputs, rank])
    }

    /// Bd(P Vᵀ) for P = VZ, symmetrised.
    fn lift(&self, half: Tensor<2>) -> Result<Blocks, AcceleratorError> {
        let product = self.blocks_of(&self.vectors.clone().matmul(half));
        let vectors = self.blocks_of(&self.vectors);
        let found = match self.outputs {
            1 => floats((product * vectors).sum_dim(2))?,
            _ => floats(product.matmul(vectors.swap_dims(1, 2)))?,
        };
        let q = self.outputs;
        let mut blocks = Blocks::zeros(self.samples, q);
        let entries = blocks.entries_mut().chunks_exact_mut(q * q);
        for (block, found) in entries.zip(found.chunks_exact(q * q)) {
            for (k, entry) in block.iter_mut().enumerate() {
                let (row, column) = (k / q, k % q);
                *entry = f64::midpoint(f64::from(found[k]), f64::from(found[column * q + row]));
            }
        }
        Ok(blocks)
    }
}

impl DeviceMap for TensorMap<'_> {
    fn apply(&mut self, m: &Blocks, kernel: Kernel) -> Result<Blocks, AcceleratorError> {
        catch_panics(|| self.lift(self.half(m, kernel)))
    }

    fn alpha_derivative(&mut self, m: &Blocks, kernel: Kernel) -> Result<f64, AcceleratorError> {
        catch_panics(|| {
            let half = self.half(m, kernel);
            let rows = floats((half.clone() * half).sum_dim(1))?;
            Ok(rows.into_iter().map(f64::from).sum())
        })
    }
}

/// m_i V_i for every i, `[n, q, r]`.
fn multiply(blocks: Tensor<3>, vectors: Tensor<3>) -> Tensor<3> {
    // One output: a broadcast needs no matrix kernel.
    if blocks.dims()[2] == 1 { blocks * vectors } else { blocks.matmul(vectors) }
}

fn row_major(matrix: MatRef<'_, f64>) -> TensorData {
    let (rows, columns) = (matrix.nrows(), matrix.ncols());
    let mut values = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        values.extend(matrix.row(row).iter().map(|&x| x as f32));
    }
    TensorData::new(values, [rows, columns])
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, AcceleratorError> {
    let data = tensor.try_into_data().map_err(|error| AcceleratorError(error.to_string()))?;
    let values =
        data.try_into_vec::<f32>().map_err(|error| AcceleratorError(format!("{error:?}")))?;
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(values),
        false => Err(AcceleratorError("a product is not finite".to_owned())),
    }
}
