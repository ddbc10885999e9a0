//! The keys of `[train]` that say how a step is made.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::contradiction::Contradiction;
use crate::optimizer::{Optimizer, OptimizerError, OptimizerSettings};

/// `train.momentum`, `train.nesterov`, `train.weight_decay` and `train.decoupled`.
///
/// A key at its default is not written, so that runs of plain SGD have the files and the identity that they
/// had before these keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct OptimizerKeys {
    /// m in [0, 1).
    #[serde(skip_serializing_if = "is_default")]
    pub momentum: f64,
    #[serde(skip_serializing_if = "is_default")]
    pub nesterov: bool,
    /// w ≥ 0.
    #[serde(skip_serializing_if = "is_default")]
    pub weight_decay: f64,
    #[serde(skip_serializing_if = "is_default")]
    pub decoupled: bool,
}

/// The keys as a file has them, of which some combinations are no optimizer.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Unchecked {
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    decoupled: bool,
}

impl TryFrom<Unchecked> for OptimizerKeys {
    type Error = OptimizerError;

    fn try_from(keys: Unchecked) -> Result<Self, OptimizerError> {
        let Unchecked { momentum, nesterov, weight_decay, decoupled } = keys;
        let keys = Self { momentum, nesterov, weight_decay, decoupled };
        keys.optimizer().map(|_| keys)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl OptimizerKeys {
    /// The dotted keys, in the order of the columns of a summary.
    pub const KEYS: [&str; 4] =
        ["train.momentum", "train.nesterov", "train.weight_decay", "train.decoupled"];

    /// The optimizer with these settings.
    ///
    /// # Errors
    /// A setting outside its range, or two that exclude each other.
    pub fn optimizer(self) -> Result<Optimizer, OptimizerError> {
        let Self { momentum, nesterov, weight_decay, decoupled } = self;
        let settings =
            OptimizerSettings { momentum, nesterov, weight_decay, decoupled, dampening: 0.0 };
        settings.optimizer()
    }

    /// The value of a dotted key; `None` if it is none of these.
    pub fn setting(self, key: &str) -> Option<Value> {
        match key {
            "train.momentum" => Some(json!(self.momentum)),
            "train.nesterov" => Some(json!(self.nesterov)),
            "train.weight_decay" => Some(json!(self.weight_decay)),
            "train.decoupled" => Some(json!(self.decoupled)),
            _ => None,
        }
    }

    /// The default of a dotted key, which files do not have; `None` if it is none of these.
    pub fn default_of(key: &str) -> Option<Value> {
        Self::default().setting(key)
    }

    /// Why settings that are valid one by one are no optimizer together, and what to change.
    pub(super) fn contradiction(self) -> Option<Contradiction> {
        let error = self.optimizer().err()?;
        let (key, advice) = match error {
            OptimizerError::NesterovWithoutMomentum => {
                ("train.nesterov", "set train.momentum above 0, or train.nesterov = false")
            }
            OptimizerError::NesterovWithDecoupledDecay => {
                ("train.decoupled", "set train.decoupled = false, or train.nesterov = false")
            }
            OptimizerError::Momentum(_) => ("train.momentum", "change train.momentum"),
            OptimizerError::WeightDecay(_) => ("train.weight_decay", "change train.weight_decay"),
            OptimizerError::Dampening(_) | OptimizerError::NesterovWithDampening => {
                ("train.nesterov", "leave dampening out")
            }
        };
        Some(Contradiction { key: Some(key), message: format!("{error}; {advice}") })
    }
}
