//! The supported optimizers.

use serde::{Deserialize, Serialize};

use super::dampened::Dampened;
use super::decoupled_decay::DecoupledDecay;
use super::heavy_ball::HeavyBall;
use super::nesterov::Nesterov;
use super::rule::UpdateRule;
use super::sgd::Sgd;

/// Which optimizer, with its settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Plain SGD.
    #[default]
    Sgd,
    /// Heavy-ball momentum, coupled weight decay, or both.
    HeavyBall(HeavyBall),
    /// Nesterov's momentum, with coupled weight decay if any.
    Nesterov(Nesterov),
    /// Heavy-ball momentum with decoupled weight decay.
    DecoupledDecay(DecoupledDecay),
    /// Heavy-ball momentum with dampening, and decay of either kind.
    Dampened(Dampened),
}

impl Optimizer {
    /// Whether it is plain SGD, so that no text need name it.
    pub fn is_plain(self) -> bool {
        self == Self::Sgd
    }

    /// The subject of a sentence: "SGD", or "SGD (heavy ball, m = 0.9)".
    pub fn subject(self) -> String {
        let description = self.rule().description();
        match self {
            Self::Sgd => "SGD".to_owned(),
            _ => format!("SGD ({})", description.trim_start_matches("SGD, ")),
        }
    }

    /// What the optimizer does.
    pub fn rule(&self) -> &dyn UpdateRule {
        match self {
            Self::Sgd => &Sgd,
            Self::HeavyBall(rule) => rule,
            Self::Nesterov(rule) => rule,
            Self::DecoupledDecay(rule) => rule,
            Self::Dampened(rule) => rule,
        }
    }

    /// The same dynamics where curvatures are measured in units of `curvature`, and step sizes in 1/`curvature`.
    #[must_use]
    pub fn in_units_of(self, curvature: f64) -> Self {
        match self {
            Self::Sgd => Self::Sgd,
            Self::HeavyBall(rule) => {
                Self::HeavyBall(HeavyBall { weight_decay: rule.weight_decay / curvature, ..rule })
            }
            Self::Nesterov(rule) => {
                Self::Nesterov(Nesterov { weight_decay: rule.weight_decay / curvature, ..rule })
            }
            Self::DecoupledDecay(rule) => Self::DecoupledDecay(DecoupledDecay {
                weight_decay: rule.weight_decay / curvature,
                ..rule
            }),
            Self::Dampened(rule) => {
                Self::Dampened(Dampened { weight_decay: rule.weight_decay / curvature, ..rule })
            }
        }
    }
}
