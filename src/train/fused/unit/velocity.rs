//! The velocity of the weights by hidden unit.

use super::super::block::{Block, LANES, Matrix};
use super::super::frame::Frame;
use super::super::motion::Motion;
use super::bounds::StepBounds;

/// What the layout keeps besides S and W2, of which the first is p of a frame.
#[derive(Clone, Debug)]
pub(super) struct Velocity {
    /// q of S.
    pub w1: Matrix,
    /// That of W2 itself.
    pub w2: Matrix,
    pub frame: Frame,
    /// One row of products.
    pub line: Vec<Block>,
}

impl Velocity {
    /// A velocity of 0.
    pub fn zeros(hidden: usize, inputs: usize, outputs: usize, frame: Frame) -> Self {
        Self {
            w1: Matrix::zeros(hidden, inputs),
            w2: Matrix::zeros(outputs, hidden),
            frame,
            line: vec![Block::ZERO; hidden.div_ceil(LANES)],
        }
    }
}

impl StepBounds {
    /// Those of a step of `motion` that ends in `frame`.
    pub fn new(motion: &Motion, frame: Frame) -> Self {
        let [[a, b], [c, d]] = motion.matrix;
        Self {
            way: above([a - 1.0, b]),
            speed: above([c, d]),
            gradient: above(motion.gradient),
            parts: frame.parts().map(above),
        }
    }
}

/// Absolute values, rounded up.
pub(super) fn above(pair: [f64; 2]) -> [f32; 2] {
    pair.map(|value| if value == 0.0 { 0.0 } else { (value.abs() as f32).next_up() })
}
