//! All parameters but W1, packed for the kernels.

use burn_tensor::Tensor;

use super::shape::Shape;

/// W2ᵀ, b1 and b2 of every run in one row, filled up to whole vectors: `[R, q·h + h + pad(q)]`, and a
/// second buffer, as a step reads one and writes the other.
pub struct Packed(pub [Tensor<2>; 2]);

impl Packed {
    /// From b1 `[R, 1, h]` and the output layer's W2 `[R, h, q]` and b2 `[R, 1, q]`.
    pub fn new(shape: Shape, bias: Tensor<3>, output: (Tensor<3>, Tensor<3>)) -> Self {
        let Shape { runs, hidden, outputs, .. } = shape;
        let device = bias.device();
        let fill = shape.packed_length() - (outputs + 1) * hidden - outputs;
        let mut parts = vec![
            output.0.swap_dims(1, 2).reshape([runs, outputs * hidden]),
            bias.reshape([runs, hidden]),
            output.1.reshape([runs, outputs]),
        ];
        if fill > 0 {
            parts.push(Tensor::zeros([runs, fill], &device));
        }
        let second = Tensor::zeros([runs, shape.packed_length()], &device);
        Self([Tensor::cat(parts, 1), second])
    }

    /// b1, and W2 and b2, from buffer `current`.
    pub fn unpack(self, shape: Shape, current: usize) -> (Tensor<3>, (Tensor<3>, Tensor<3>)) {
        let Shape { runs, hidden, outputs, .. } = shape;
        let [first, second] = self.0;
        let packed = if current == 0 { first } else { second };
        let part =
            |from: usize, length: usize| packed.clone().slice([0..runs, from..from + length]);
        let weight = part(0, outputs * hidden).reshape([runs, outputs, hidden]).swap_dims(1, 2);
        let bias = part(outputs * hidden, hidden).reshape([runs, 1, hidden]);
        let output_bias = part((outputs + 1) * hidden, outputs).reshape([runs, 1, outputs]);
        (bias, (weight, output_bias))
    }
}
