//! The supported optimizers.

use serde::{Deserialize, Serialize};

use super::rule::UpdateRule;
use super::sgd::Sgd;

/// Which optimizer, with its settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Plain SGD.
    #[default]
    Sgd,
}

impl Optimizer {
    /// What the optimizer does.
    pub fn rule(&self) -> &dyn UpdateRule {
        match self {
            Self::Sgd => &Sgd,
        }
    }
}
