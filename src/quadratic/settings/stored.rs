//! An experiment's settings as JSON with the keys of the configuration file, and how two of them differ.

use std::{fs::File, io, path::Path};

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json};

use super::types::{ProblemKind, QuadraticConfig};
use crate::differences;

/// The key that holds the hash of a Gram matrix's file.
const CONTENT: &str = "problem.path.blake3";

/// The keys are those of the file, with the sections that the experiment has. The folder of the
/// results is left out: it is no setting of what is simulated.
impl Serialize for QuadraticConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("experiment", self.experiment.name())?;
        map.serialize_entry("seed", &self.seed)?;
        map.serialize_entry("sgd", &self.sgd)?;
        if !self.experiment.kind().builds_problems() {
            map.serialize_entry("problem", &self.problem)?;
        }
        if let Some(gradients) = &self.gradients {
            map.serialize_entry("gradients", gradients)?;
        }
        map.serialize_entry(self.experiment.name(), &self.experiment)?;
        map.end()
    }
}

/// Everything that the tables of `config` depend on.
///
/// A Gram matrix is identified by its content: the path of its file makes no difference.
pub(crate) fn stored_settings(config: &QuadraticConfig) -> Value {
    let mut settings = json!(config);
    if let ProblemKind::Gram { path, .. } = &config.problem.kind
        // An unreadable file has no tables either; the experiment reports why.
        && let Ok(hash) = hash(path)
    {
        settings["problem"]["path"] = json!({ "blake3": hash });
    }
    settings
}

fn hash(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Every key at which `found` and `wanted` differ, as text.
pub(crate) fn differences(found: &Value, wanted: &Value) -> Vec<String> {
    let all = differences::differences(found, wanted).into_iter();
    // Different experiments also have different sections, which is no further information.
    let other = found["experiment"] != wanted["experiment"];
    all.filter(|(path, ..)| !other || path == "experiment").map(describe).collect()
}

fn describe((path, found, wanted): (String, &Value, &Value)) -> String {
    if path == CONTENT {
        return "problem.path is another matrix".to_owned();
    }
    let value = |value: &Value| match value {
        Value::Null => "absent".to_owned(),
        value => value.to_string(),
    };
    format!("{path} is {} there and {} here", value(found), value(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn parsed(source: &str) -> QuadraticConfig {
        QuadraticConfig::parse(source, "x.toml", "results/x".into(), &[]).unwrap()
    }

    #[test]
    fn settings_have_the_keys_of_the_file() {
        let found =
            stored_settings(&parsed("experiment = \"stationary\"\nresults = \"elsewhere\"\n"));
        assert_eq!(found["experiment"], "stationary");
        assert_eq!(found["problem"]["kind"], "low_rank");
        assert_eq!(found["problem"]["rank"], 8);
        assert_eq!(found["gradients"]["seed"], 1);
        assert_eq!(found["stationary"]["chains"], 32);
        assert_eq!(found["results"], Value::Null);
        let found = stored_settings(&parsed(""));
        assert_eq!(found["phase_diagram"]["samples"], 100);
        assert_eq!(found["problem"], Value::Null);
    }

    #[test]
    fn settings_of_plain_sgd_have_no_keys_of_an_optimizer() {
        let sgd = |more: &str| {
            let source = format!("experiment = \"mixture\"\n[sgd]\n{more}");
            stored_settings(&parsed(&source))["sgd"].clone()
        };
        assert_eq!(sgd(""), json!({ "sampling": "distinct", "batch_size": [1] }));
        assert_eq!(sgd("momentum = 0.0\nweight_decay = 0.0"), sgd(""));
        assert_eq!(sgd("momentum = 0.5")["momentum"], 0.5);
    }

    #[test]
    fn settings_survive_their_file() {
        let found =
            stored_settings(&parsed("[phase_diagram]\nlearning_rate = [0.1, 0.30000000000000004]"));
        let read: Value = serde_json::from_str(&format!("{found:#}")).unwrap();
        assert_eq!(differences(&read, &found), Vec::<String>::new());
    }

    #[test]
    fn a_matrix_is_identified_by_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let settings_of = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            stored_settings(&parsed(&format!(
                "experiment = \"mixture\"\n[problem]\nkind = \"gram\"\npath = {path:?}\n"
            )))
        };
        let here = settings_of("a.npy", "one");
        assert_eq!(differences(&here, &settings_of("b.npy", "one")), Vec::<String>::new());
        let other = settings_of("a.npy", "two");
        assert_eq!(differences(&here, &other), ["problem.path is another matrix"]);
    }
}
