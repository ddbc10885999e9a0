//! The quadratic loss of \[M\] §4.

use burn::tensor::Tensor;

/// Σ_i ‖f_i − y_i‖² over the rows: c times it is the summed sample loss Σ ℓ_i.
pub fn squared_error(outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let residual = outputs - targets;
    (residual.clone() * residual).sum()
}
