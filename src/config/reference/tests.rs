//! The list of keys beside the reader, and what is written from it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::key::{Interval, Key, Kind, LARGEST};
use super::keys::{CONDITION, SECTIONS, SHORT_NAMES, keys};
use super::{EXAMPLES, example, json_schema, template};
use crate::config::Config;

fn parse(source: &str) -> Result<Config, String> {
    let parsed = Config::parse(source, "test.toml", "results/test".into(), &[]);
    parsed.map_err(|error| error.to_string())
}

/// The keys of every section, as the message about a key unlike all of them lists them.
fn keys_of_the_reader() -> Vec<(String, BTreeSet<String>)> {
    const UNLIKE: &str = "qqqqqqqqqqqqqqqqqqqqqqqq";
    let list = |section: &str| {
        let head = if section.is_empty() { String::new() } else { format!("[{section}]\n") };
        let message = parse(&format!("{head}{UNLIKE} = 1\n")).unwrap_err();
        let list = message.lines().find_map(|line| line.split_once("; known: ")).unwrap().1;
        (section.to_owned(), list.split(", ").map(str::to_owned).collect())
    };
    let sections = SECTIONS.iter().map(|(section, _)| *section);
    std::iter::once("").chain(sections).map(list).collect()
}

#[test]
fn the_list_has_the_keys_of_the_reader() {
    let keys = keys();
    for (section, known) in keys_of_the_reader() {
        let own = keys.iter().filter(|key| key.section == section).map(|key| key.name);
        let mut listed: BTreeSet<String> = own.map(str::to_owned).collect();
        if section == "sweep" {
            listed.extend(SHORT_NAMES.iter().map(|(name, ..)| (*name).to_owned()));
            listed.insert(CONDITION.0.to_owned());
        }
        let prefix = if section.is_empty() { String::new() } else { format!("{section}.") };
        let inner = SECTIONS.iter().filter_map(|(name, _)| name.strip_prefix(prefix.as_str()));
        listed.extend(inner.filter(|name| !name.contains('.')).map(str::to_owned));
        assert_eq!(listed, known, "[{section}]");
    }
}

#[test]
fn the_defaults_of_the_template_are_those_of_the_reader() {
    let text = template();
    let defaults = format!("{:?}", parse("").unwrap());
    assert_eq!(format!("{:?}", parse(&text).unwrap()), defaults);
    for key in keys() {
        let line = format!("{}{} = {}", if key.is_default { "" } else { "#" }, key.name, key.value);
        assert_eq!(text.lines().filter(|found| *found == line).count(), count(&key), "{line}");
        let alone = format!("[{}]\n{} = {}\n", key.section, key.name, key.value);
        let config = parse(&alone).unwrap();
        assert_eq!(format!("{config:?}") == defaults, key.is_default, "{alone}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 84), "{text}");
}

/// How many keys have the line of `key` in the template.
fn count(key: &Key) -> usize {
    let same = |other: &&Key| (other.name, other.value) == (key.name, key.value);
    keys().iter().filter(same).count()
}

#[test]
fn the_examples_of_the_template_are_valid() {
    let examples = template().replace("\n#", "\n").replace("\n ", "\n# ");
    let examples = examples.replace("results/NAME", "results/x");
    let lines = examples.lines().filter(|line| line.contains(" = ") || line.starts_with('['));
    let source: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
    let config = parse(&source.join("\n")).unwrap();
    assert_eq!(config.train.batch_size, Some(4));
    assert_eq!(config.slurm.memory.as_deref(), Some("2G"));
}

/// Values at the ends of what a key takes, and values just beyond, in TOML.
fn ends(kind: &Kind) -> (Vec<String>, Vec<String>) {
    let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
    match kind {
        Kind::Flag => (texts(&["true", "false"]), texts(&["1", "\"true\""])),
        Kind::Whole { least, most } => {
            let mut beyond = texts(&["0.5", "\"1\"", "-1", "true"]);
            beyond.extend(least.checked_sub(1).map(|below| below.to_string()));
            if *most < LARGEST {
                beyond.push((most + 1).to_string());
            }
            (vec![least.to_string(), most.to_string()], beyond)
        }
        Kind::Number(Interval { least, above, most, below }) => {
            let (mut within, mut beyond) = (Vec::new(), texts(&["\"1\"", "false", "[1]"]));
            let end = if *above { &mut beyond } else { &mut within };
            end.push(format!("{least:?}"));
            beyond.push(format!("{:?}", least.next_down()));
            within.push(format!("{:?}", least.next_up()));
            if *below {
                within.push(format!("{:?}", most.next_down()));
                beyond.push(format!("{most:?}"));
            } else if most.is_finite() {
                within.push(format!("{most:?}"));
                beyond.push(format!("{:?}", most.next_up()));
            } else {
                within.push("1e300".to_owned());
                beyond.push("inf".to_owned());
            }
            (within, beyond)
        }
        Kind::Word(words) => (
            words.iter().map(|word| format!("\"{word}\"")).collect(),
            texts(&["\"x\"", "1", "\"\""]),
        ),
        Kind::Text { pattern: "" } => (texts(&["\"x\"", "\"\""]), texts(&["1", "[\"x\"]"])),
        Kind::Text { pattern } => {
            let sample = if pattern.starts_with("^-") { "\"--qos=long\"" } else { "\"x\"" };
            (texts(&[sample]), texts(&["1", "\"\"", "[\"x\"]"]))
        }
        Kind::TextOrWhole { least, .. } => {
            let mut beyond = texts(&["\"\"", "[1]", "1.5", "-1"]);
            beyond.extend(least.checked_sub(1).map(|below| below.to_string()));
            (vec![least.to_string(), "\"5\"".to_owned()], beyond)
        }
        Kind::List { of, is_set, least } => {
            let (within, beyond) = ends(of);
            let list = |item: &String| format!("[{item}]");
            let mut bad: Vec<String> = beyond.iter().map(list).collect();
            let mut good: Vec<String> = within.iter().map(list).collect();
            bad.extend(is_set.then(|| format!("[{0}, {0}]", within[0])));
            if *least == 0 { &mut good } else { &mut bad }.push("[]".to_owned());
            bad.push(within[0].clone());
            (good, bad)
        }
    }
}

/// The reader and the schema agree at the ends of every key's values.
#[test]
fn the_reader_takes_what_the_schema_takes() {
    let schema = json_schema();
    let mut tried = 0;
    for key in keys() {
        let (within, beyond) = ends(&key.kind);
        for (values, is_valid) in [(within, true), (beyond, false)] {
            for value in values {
                let source = format!("[{}]\n{} = {value}\n", key.section, key.name);
                // A valid value may contradict the default of another key.
                let fault = parse(&source).err().filter(|text| text.contains("must be"));
                assert_eq!(fault.is_none(), is_valid, "the reader: {source}{fault:?}");
                let document = toml::from_str(&source).unwrap();
                let fault = validate(&schema, &schema, &document, "");
                assert_eq!(fault.is_none(), is_valid, "the schema: {source}{fault:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn the_schema_takes_the_examples_and_refuses_mistakes() {
    let schema = json_schema();
    let fault = |source: &str| validate(&schema, &schema, &toml::from_str(source).unwrap(), "");
    for example in EXAMPLES.iter().filter(|example| !example.name.starts_with("quadratic")) {
        assert_eq!(fault(example.text), None, "{}", example.name);
    }
    assert_eq!(fault(&template()), None);
    for source in [
        "[sweep]\n\"model.hidden\" = [[64], [128, 64]]\n\"data.label_noise\" = { linear = [0, 0.4], points = 5 }",
        "[sweep]\nmodel.hidden = [[64]]\ntrain.warmup.epochs = [0, 500]",
        "[sweep.train.warmup]\nshape = [\"linear\", \"geometric\"]",
        "[sweep]\nlearning_rate = { log10 = [-3, 0], points = 100, every = 4 }",
        "[slurm]\ntime = 90\ngpus = \"a100:1\"",
    ] {
        assert_eq!(fault(source), None, "{source}");
    }
    for source in [
        "[sweep]\n\"model.hidden\" = [64]",
        "[sweep]\n\"model.hiden\" = [[64]]",
        "[sweep]\n\"analysis.tolerance\" = [1e-3]",
        "[sweep]\nlearning_rate = { log10 = [-3, 0] }",
        "[sweep]\nlearning_rate = { log10 = [-3, 0], linear = [0, 1], points = 3 }",
        "[sweep]\nbatch_size = []",
        "[sweep]\nbatch_size = [1, 1]",
        "[train]\nlearning_rat = 0.1",
        "[train.warmup]\nshape = \"quadratic\"",
        "[slurm]\ntime = \"soon\"",
        "colour = 1",
    ] {
        assert!(fault(source).is_some(), "{source}");
    }
}

#[test]
fn every_configuration_is_embedded_and_says_what_it_shows() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: BTreeSet<String> =
        files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let names: BTreeSet<String> = EXAMPLES.iter().map(|example| example.name.to_owned()).collect();
    assert_eq!(names, files);
    for example in EXAMPLES {
        assert!((10..200).contains(&example.about().len()), "{}", example.about());
    }
    assert_eq!(example("configs/quick.toml").unwrap().name, "quick");
    let error = example("papr").map(|example| example.name).unwrap_err().to_string();
    assert!(error.contains("did you mean `paper`?") && error.contains("minimal, quick"), "{error}");
}

/// The first fault of a value under `schema`, which has the keywords of [`json_schema`] and no others.
fn validate(root: &Value, schema: &Value, value: &Value, path: &str) -> Option<String> {
    let fault = |why: &str| Some(format!("{path}: {why} in {value}"));
    let accepts = |schema: &&Value| validate(root, schema, value, path).is_none();
    for (keyword, rule) in schema.as_object().unwrap() {
        let number = || value.as_f64().zip(rule.as_f64());
        let length = || value.as_array().map(Vec::len).zip(rule.as_u64());
        let found = match keyword.as_str() {
            "$schema" | "title" | "description" | "default" | "definitions" => true,
            "additionalProperties" => {
                assert_eq!(rule, false);
                let known = &schema["properties"];
                value
                    .as_object()
                    .is_none_or(|object| object.keys().all(|key| known.get(key).is_some()))
            }
            "type" => match rule.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
                "number" => value.is_number(),
                other => panic!("{other}"),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)),
            "minimum" => number().is_none_or(|(value, least)| value >= least),
            "exclusiveMinimum" => number().is_none_or(|(value, least)| value > least),
            "exclusiveMaximum" => number().is_none_or(|(value, most)| value < most),
            "maximum" => number().is_none_or(|(value, most)| value <= most),
            "minItems" => length().is_none_or(|(length, least)| length as u64 >= least),
            "maxItems" => length().is_none_or(|(length, most)| length as u64 <= most),
            "uniqueItems" => {
                rule == false
                    || value.as_array().is_none_or(|items| {
                        items.iter().enumerate().all(|(i, item)| !items[..i].contains(item))
                    })
            }
            "required" => value.as_object().is_none_or(|object| {
                rule.as_array()
                    .unwrap()
                    .iter()
                    .all(|key| object.contains_key(key.as_str().unwrap()))
            }),
            "items" => {
                let items = value.as_array().into_iter().flatten();
                let faults = items.filter_map(|item| validate(root, rule, item, path));
                match faults.into_iter().next() {
                    Some(fault) => return Some(fault),
                    None => true,
                }
            }
            "properties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    if let Some(rule) = rule.get(key)
                        && let Some(fault) = validate(root, rule, inner, &format!("{path}/{key}"))
                    {
                        return Some(fault);
                    }
                }
                true
            }
            "anyOf" => rule.as_array().unwrap().iter().any(|schema| accepts(&schema)),
            "oneOf" => rule.as_array().unwrap().iter().filter(accepts).count() == 1,
            "$ref" => {
                let target = rule.as_str().unwrap().strip_prefix('#').unwrap();
                accepts(&root.pointer(target).unwrap())
            }
            other => panic!("the schema has a keyword that is not checked: {other}"),
        };
        if !found {
            return fault(&format!("{keyword} {rule}"));
        }
    }
    None
}

/// Whether `text` matches one of the patterns of the schema.
fn matches(pattern: &str, text: &str) -> bool {
    let is_line = !text.is_empty() && !text.contains(['\n', '\r']);
    match pattern {
        r"\S" => !text.trim().is_empty(),
        "^[A-Za-z0-9_.,@-]+$" => {
            is_line && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.,@-".contains(c))
        }
        r"^[^\n\r]+$" => is_line,
        r"^-[^\n\r]*$" => is_line && text.starts_with('-'),
        "^[0-9]+[KMGTkmgt]?$" => {
            let digits =
                text.strip_suffix(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']).unwrap_or(text);
            !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
        }
        time if time.starts_with("^([0-9]+-") => {
            let parts = text.split([':', '-']);
            parts.clone().count() <= 4 && parts.into_iter().all(|part| part.parse::<u64>().is_ok())
        }
        other => panic!("the schema has a pattern that is not checked: {other}"),
    }
}
