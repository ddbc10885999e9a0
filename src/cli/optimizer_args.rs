//! Which optimizer makes the steps.

use clap::Args;
use etastar::optimizer::{Optimizer, OptimizerError, OptimizerSetting, OptimizerSettings};
use serde_json::{Map, Value, json};

use super::exit::UsageError;

/// The settings of `torch.optim.SGD`.
#[derive(Debug, Clone, Copy, Args)]
pub struct OptimizerArgs {
    /// m of v ← m v + g, θ ← θ − η v, as momentum of torch.optim.SGD
    #[arg(long, value_name = "M", default_value_t = 0.0, allow_negative_numbers = true)]
    momentum: f64,
    /// Nesterov's step θ ← θ − η(g + m v)
    #[arg(long)]
    nesterov: bool,
    /// w of g ← g + wθ
    #[arg(long, value_name = "W", default_value_t = 0.0, allow_negative_numbers = true)]
    weight_decay: f64,
    /// Decoupled weight decay: θ ← (1 − ηw)θ − η v, as in SGDW
    #[arg(long)]
    decoupled: bool,
    /// δ of v ← m v + (1 − δ)g
    #[arg(long, value_name = "D", default_value_t = 0.0, allow_negative_numbers = true)]
    dampening: f64,
}

impl OptimizerArgs {
    /// The optimizer with these settings.
    pub fn optimizer(&self) -> Result<Optimizer, UsageError> {
        let Self { momentum, nesterov, weight_decay, decoupled, dampening } = *self;
        let settings = OptimizerSettings { momentum, nesterov, weight_decay, decoupled, dampening };
        settings
            .optimizer()
            .map_err(|error| UsageError(format!("{}: {error}{}", flag(error), remedy(error))))
    }

    /// The settings as keys of the JSON output.
    pub fn to_json(self) -> Map<String, Value> {
        let keys = json!({
            "momentum": self.momentum,
            "nesterov": self.nesterov,
            "weight_decay": self.weight_decay,
            "decoupled": self.decoupled,
            "dampening": self.dampening,
        });
        keys.as_object().cloned().unwrap_or_default()
    }
}

/// What to do, where the error does not say it.
fn remedy(error: OptimizerError) -> &'static str {
    match error {
        OptimizerError::NesterovWithoutMomentum => "; give --momentum",
        OptimizerError::NesterovWithDecoupledDecay => "; leave out --nesterov or --decoupled",
        OptimizerError::NesterovWithDampening => "; leave out --nesterov or --dampening",
        _ => "",
    }
}

/// The flag to change.
fn flag(error: OptimizerError) -> &'static str {
    match error.setting() {
        OptimizerSetting::Momentum => "--momentum",
        OptimizerSetting::Nesterov => "--nesterov",
        OptimizerSetting::WeightDecay => "--weight-decay",
        OptimizerSetting::Dampening => "--dampening",
    }
}
