//! The settings of an optimizer, as users give them, and which combinations there are.

use super::dampened::Dampened;
use super::decoupled_decay::DecoupledDecay;
use super::heavy_ball::HeavyBall;
use super::kind::Optimizer;
use super::nesterov::Nesterov;

/// PyTorch's settings of `torch.optim.SGD`, and decoupled decay as in SGDW.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct OptimizerSettings {
    /// m in [0, 1): v ← m v + g.
    pub momentum: f64,
    /// θ ← θ − η(g + m v) in place of θ ← θ − η v.
    pub nesterov: bool,
    /// w ≥ 0: g ← g + wθ, or θ ← (1 − ηw)θ − η v if it is decoupled.
    pub weight_decay: f64,
    /// Whether the decay acts on θ directly.
    pub decoupled: bool,
    /// δ in [0, 1): v ← m v + (1 − δ)g.
    pub dampening: f64,
}

/// More would leave the range of floating-point numbers when it is multiplied by a step size.
const LARGEST_DECAY: f64 = 1e30;

/// Which setting an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptimizerSetting {
    Momentum,
    Nesterov,
    WeightDecay,
    Dampening,
}

/// Settings that are no optimizer.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum OptimizerError {
    #[error("momentum must be at least 0 and less than 1, not {0}")]
    Momentum(f64),
    #[error("weight decay must be at least 0 and at most 1e30, not {0}")]
    WeightDecay(f64),
    #[error("dampening must be at least 0 and less than 1, not {0}")]
    Dampening(f64),
    #[error("Nesterov's step needs a momentum above 0")]
    NesterovWithoutMomentum,
    #[error("Nesterov's step with decoupled weight decay is not supported")]
    NesterovWithDecoupledDecay,
    #[error("Nesterov's step with dampening is not supported")]
    NesterovWithDampening,
}

impl OptimizerError {
    /// The setting to change.
    pub fn setting(self) -> OptimizerSetting {
        match self {
            Self::Momentum(_) => OptimizerSetting::Momentum,
            Self::WeightDecay(_) => OptimizerSetting::WeightDecay,
            Self::Dampening(_) | Self::NesterovWithDampening => OptimizerSetting::Dampening,
            Self::NesterovWithoutMomentum | Self::NesterovWithDecoupledDecay => {
                OptimizerSetting::Nesterov
            }
        }
    }
}

impl OptimizerSettings {
    /// The optimizer with these settings; plain SGD where none of them changes a step.
    ///
    /// # Errors
    /// A setting outside its range, or two that exclude each other.
    pub fn optimizer(self) -> Result<Optimizer, OptimizerError> {
        self.check()?;
        let Self { momentum, nesterov, weight_decay, decoupled, dampening } = self;
        // PyTorch dampens the velocity, which there is with momentum only.
        Ok(if dampening > 0.0 && momentum > 0.0 {
            Optimizer::Dampened(Dampened { momentum, weight_decay, decoupled, dampening })
        } else if nesterov {
            Optimizer::Nesterov(Nesterov { momentum, weight_decay })
        } else if momentum == 0.0 && weight_decay == 0.0 {
            Optimizer::Sgd
        } else if decoupled && momentum > 0.0 && weight_decay > 0.0 {
            Optimizer::DecoupledDecay(DecoupledDecay { momentum, weight_decay })
        } else {
            // Without momentum, both kinds of decay make the same step.
            Optimizer::HeavyBall(HeavyBall { momentum, weight_decay })
        })
    }

    fn check(self) -> Result<(), OptimizerError> {
        let Self { momentum, nesterov, weight_decay, decoupled, dampening } = self;
        let fraction = |x: f64| (0.0..1.0).contains(&x);
        if !fraction(momentum) {
            return Err(OptimizerError::Momentum(momentum));
        }
        if !(0.0..=LARGEST_DECAY).contains(&weight_decay) {
            return Err(OptimizerError::WeightDecay(weight_decay));
        }
        if !fraction(dampening) {
            return Err(OptimizerError::Dampening(dampening));
        }
        match () {
            () if nesterov && momentum == 0.0 => Err(OptimizerError::NesterovWithoutMomentum),
            () if nesterov && decoupled => Err(OptimizerError::NesterovWithDecoupledDecay),
            () if nesterov && dampening > 0.0 => Err(OptimizerError::NesterovWithDampening),
            () => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: OptimizerSettings = OptimizerSettings {
        momentum: 0.0,
        nesterov: false,
        weight_decay: 0.0,
        decoupled: false,
        dampening: 0.0,
    };

    #[test]
    fn settings_that_change_nothing_are_plain_sgd() {
        assert_eq!(PLAIN.optimizer(), Ok(Optimizer::Sgd));
        let dampened = OptimizerSettings { dampening: 0.5, ..PLAIN };
        assert_eq!(dampened.optimizer(), Ok(Optimizer::Sgd));
        let decoupled = OptimizerSettings { decoupled: true, ..PLAIN };
        assert_eq!(decoupled.optimizer(), Ok(Optimizer::Sgd));
    }

    #[test]
    fn faults_name_their_setting() {
        use OptimizerSetting::{Dampening, Momentum, Nesterov, WeightDecay};
        let nesterov = OptimizerSettings { momentum: 0.9, nesterov: true, ..PLAIN };
        for (settings, setting) in [
            (OptimizerSettings { momentum: 1.0, ..PLAIN }, Momentum),
            (OptimizerSettings { momentum: -0.1, ..PLAIN }, Momentum),
            (OptimizerSettings { momentum: f64::NAN, ..PLAIN }, Momentum),
            (OptimizerSettings { weight_decay: -1.0, ..PLAIN }, WeightDecay),
            (OptimizerSettings { weight_decay: f64::INFINITY, ..PLAIN }, WeightDecay),
            (OptimizerSettings { dampening: 1.0, ..PLAIN }, Dampening),
            (OptimizerSettings { nesterov: true, ..PLAIN }, Nesterov),
            (OptimizerSettings { decoupled: true, weight_decay: 1.0, ..nesterov }, Nesterov),
            (OptimizerSettings { dampening: 0.5, ..nesterov }, Dampening),
        ] {
            let error = settings.optimizer().expect_err("not an optimizer");
            assert_eq!(error.setting(), setting, "{error}");
        }
        assert!(nesterov.optimizer().is_ok());
    }
}
