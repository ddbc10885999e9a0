//! The identity of a run: the hash of everything its result depends on.

use serde_json::{Value, json};

use crate::config::RunSpec;
use crate::store::RunId;

/// Version of the record's format; part of a run's identity.
pub const FORMAT: u32 = 1;

/// The hash of the resolved configuration, the chosen data's digest and the format version.
///
/// The data folder and the measurements are left out: moving the data or requesting another measurement
/// requires no new training.
pub fn run_id(spec: &RunSpec, data_digest: &str) -> RunId {
    // The keys are in a fixed order, so equal settings give equal text.
    RunId::hash_of(&training_settings(spec, data_digest).to_string())
}

/// All settings that the weights of a run depend on.
pub(super) fn training_settings(spec: &RunSpec, data_digest: &str) -> Value {
    json!({
        "format": FORMAT,
        "data": { "digest": data_digest, "scaling": spec.data.scaling },
        "model": spec.model,
        "loss": spec.loss,
        "train": spec.train,
        "engine": spec.engine,
        "backend": spec.backend,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, single_run};

    fn spec(overrides: &[&str]) -> RunSpec {
        let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
        let source = "[train]\nlearning_rate = 0.1\nbatch_size = 4";
        single_run(&Config::parse(source, "test", "results/x".into(), &overrides).unwrap()).unwrap()
    }

    #[test]
    fn every_setting_of_the_training_changes_the_identity() {
        let base = run_id(&spec(&[]), "digest");
        for change in [
            "train.learning_rate=0.2",
            "train.batch_size=8",
            "train.seed=1",
            "train.sampling=uniform",
            "train.warmup.epochs=7",
            "train.tolerance=1e-5",
            "train.momentum=0.9",
            "train.weight_decay=1e-3",
            "model.hidden=[7]",
            "model.init_seed=1",
            "loss.factor=0.5",
            "data.scaling=standard",
            "run.backend=ndarray",
            "run.engine=tensor",
        ] {
            assert_ne!(run_id(&spec(&[change]), "digest"), base, "{change}");
        }
        assert_ne!(run_id(&spec(&[]), "other"), base);
    }

    #[test]
    fn places_measurements_and_defaults_do_not() {
        let base = run_id(&spec(&[]), "digest");
        assert_eq!(base.as_str(), "7cd9bafbe60cfa42");
        for same in [
            "run.workers=7",
            "run.results=elsewhere",
            "data.folder=elsewhere",
            "analysis.hessian=false",
            "analysis.spectrum=7",
            "train.momentum=0",
            "train.nesterov=false",
            "train.weight_decay=0.0",
            "train.decoupled=false",
        ] {
            assert_eq!(run_id(&spec(&[same]), "digest"), base, "{same}");
        }
    }
}
