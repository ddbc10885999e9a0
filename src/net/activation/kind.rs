//! The supported activations.

use super::function::ActivationFunction;
use super::relu::Relu;

/// An activation by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    #[default]
    Relu,
}

impl Activation {
    /// σ.
    pub fn function(self) -> &'static dyn ActivationFunction {
        match self {
            Self::Relu => &Relu,
        }
    }

    /// Whether this is the ReLU, which the fused engine and the GPU kernels have built in.
    pub fn is_relu(self) -> bool {
        self == Self::Relu
    }
}
