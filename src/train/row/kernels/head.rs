//! The second layer and the first one's bias, as the kernels want them.

use burn::tensor::Tensor;

use super::session::Shape;

/// W2ᵀ, b1 and b2 of every run in one row, filled up to whole vectors: `[R, q·h + h + pad(q)]`, and a
/// second place, as a step reads one and writes the other.
pub struct Head(pub [Tensor<2>; 2]);

impl Head {
    /// From b1 `[R, 1, h]` and the second layer's W2 `[R, h, q]` and b2 `[R, 1, q]`.
    pub fn new(shape: Shape, bias: Tensor<3>, second: (Tensor<3>, Tensor<3>)) -> Self {
        let Shape { runs, hidden, outputs, .. } = shape;
        let device = bias.device();
        let fill = shape.head_length() - (outputs + 1) * hidden - outputs;
        let mut parts = vec![
            second.0.swap_dims(1, 2).reshape([runs, outputs * hidden]),
            bias.reshape([runs, hidden]),
            second.1.reshape([runs, outputs]),
        ];
        if fill > 0 {
            parts.push(Tensor::zeros([runs, fill], &device));
        }
        let place = Tensor::zeros([runs, shape.head_length()], &device);
        Self([Tensor::cat(parts, 1), place])
    }

    /// b1, and W2 and b2, from place `current`.
    pub fn unpack(self, shape: Shape, current: usize) -> (Tensor<3>, (Tensor<3>, Tensor<3>)) {
        let Shape { runs, hidden, outputs, .. } = shape;
        let [first, second] = self.0;
        let head = if current == 0 { first } else { second };
        let part = |from: usize, length: usize| head.clone().slice([0..runs, from..from + length]);
        let weight = part(0, outputs * hidden).reshape([runs, outputs, hidden]).swap_dims(1, 2);
        let bias = part(outputs * hidden, hidden).reshape([runs, 1, hidden]);
        let ends = part((outputs + 1) * hidden, outputs).reshape([runs, 1, outputs]);
        (bias, (weight, ends))
    }
}
