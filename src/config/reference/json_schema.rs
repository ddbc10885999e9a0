//! A JSON Schema (draft 7) of the configuration, for editors.

use serde_json::{Map, Value, json};

use super::key::{Interval, Key, Kind, LARGEST};
use super::keys::{CONDITION, LARGEST_EXPONENT, MOST_POINTS, SECTIONS, SHORT_NAMES, keys};

/// The schema of the files of `sweep` and `train`.
pub fn json_schema() -> Value {
    let keys = keys();
    let mut sections = Map::new();
    for (section, about) in SECTIONS {
        let mut properties = Map::new();
        for key in keys.iter().filter(|key| key.section == section) {
            properties.insert(key.name.to_owned(), key_schema(key));
        }
        if section == "sweep" {
            properties = axes(&keys);
        }
        let schema = table(about, properties);
        match section.split_once('.') {
            None => {
                sections.insert(section.to_owned(), schema);
            }
            Some((outer, inner)) => {
                sections[outer]["properties"][inner] = schema;
            }
        }
    }
    let mut schema = table("A configuration of etastar.", sections);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("etastar");
    schema["definitions"] = json!({ "range": range() });
    schema
}

fn table(about: &str, properties: Map<String, Value>) -> Value {
    json!({
        "type": "object",
        "description": about,
        "properties": properties,
        "additionalProperties": false,
    })
}

fn key_schema(key: &Key) -> Value {
    let mut schema = values(&key.kind);
    let about = key.kind.describe();
    let about = if about.is_empty() { about } else { format!(" ({about})") };
    schema["description"] = json!(format!("{}{about}", key.meaning));
    if key.is_default
        && let Ok(default) = toml::from_str::<Value>(&format!("value = {}", key.value))
    {
        schema["default"] = default["value"].clone();
    }
    schema
}

/// The schema of some values.
fn values(kind: &Kind) -> Value {
    match kind {
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Whole { least, most } => {
            let mut schema = json!({ "type": "integer", "minimum": least });
            if *most < LARGEST {
                schema["maximum"] = json!(most);
            }
            schema
        }
        Kind::Number(Interval { least, above, most, below }) => {
            let lower = if *above { "exclusiveMinimum" } else { "minimum" };
            let mut schema = json!({ "type": "number", lower: least });
            if most.is_finite() {
                let upper = if *below { "exclusiveMaximum" } else { "maximum" };
                schema[upper] = json!(most);
            }
            schema
        }
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Text { pattern: "" } => json!({ "type": "string" }),
        Kind::Text { pattern } => json!({ "type": "string", "pattern": pattern }),
        Kind::TextOrWhole { pattern, least } => json!({
            "anyOf": [
                { "type": "string", "pattern": pattern },
                { "type": "integer", "minimum": least },
            ],
        }),
        Kind::List { of, is_set, least } => json!({
            "type": "array",
            "items": values(of),
            "uniqueItems": is_set,
            "minItems": least,
        }),
    }
}

/// The properties of `[sweep]`: short names, dotted keys in quotes, and the same keys in tables.
fn axes(keys: &[Key]) -> Map<String, Value> {
    let mut properties = Map::new();
    let (name, example, meaning) = CONDITION;
    let about = format!("{meaning}, such as {example}");
    properties.insert(name.to_owned(), json!({ "type": "string", "description": about }));
    let swept: Vec<&Key> = keys.iter().filter(|key| key.may_be_swept()).collect();
    for (name, path, _) in SHORT_NAMES {
        let key = swept.iter().find(|key| key.path() == path);
        properties.extend(key.map(|key| (name.to_owned(), axis(key))));
    }
    for key in swept {
        properties.insert(key.path(), axis(key));
        let mut tables = &mut properties;
        for part in key.section.split('.') {
            let about = format!("Axes of [{}].", key.section);
            let inner = tables.entry(part).or_insert_with(|| table(&about, Map::new()));
            let Some(inner) = inner["properties"].as_object_mut() else { return properties };
            tables = inner;
        }
        tables.insert(key.name.to_owned(), axis(key));
    }
    properties
}

/// The values of one key in the runs of a sweep.
fn axis(key: &Key) -> Value {
    let mut list = values(&key.kind);
    list = json!({ "type": "array", "items": list, "minItems": 1, "uniqueItems": true });
    let is_number = matches!(key.kind, Kind::Whole { .. } | Kind::Number(_));
    let mut schema = if is_number {
        json!({ "anyOf": [list, { "$ref": "#/definitions/range" }] })
    } else {
        list
    };
    schema["description"] = json!(format!("Values of {}: {}", key.path(), key.meaning));
    schema
}

/// `{ linear = [0, 0.4], points = 5 }` or `{ log10 = [-3, 0], points = 100, every = 4 }`.
fn range() -> Value {
    let ends =
        |item: Value| json!({ "type": "array", "items": item, "minItems": 2, "maxItems": 2 });
    let exponent =
        json!({ "type": "number", "minimum": -LARGEST_EXPONENT, "maximum": LARGEST_EXPONENT });
    json!({
        "type": "object",
        "description": "Evenly spaced numbers, or ten to the power of such numbers.",
        "properties": {
            "linear": ends(json!({ "type": "number" })),
            "log10": ends(exponent),
            "points": { "type": "integer", "minimum": 1, "maximum": MOST_POINTS },
            "every": { "type": "integer", "minimum": 1, "default": 1 },
        },
        "required": ["points"],
        "oneOf": [{ "required": ["linear"] }, { "required": ["log10"] }],
        "additionalProperties": false,
    })
}
