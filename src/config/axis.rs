//! The axes of a sweep: each key of `[sweep]` lists values of another key, or names a range of them.

use std::collections::HashSet;
use std::sync::Arc;

use super::evenly_spaced::evenly_spaced;
use super::from_node::elements;
use super::origin::Origin;
use super::ranges::{at_least_one, ensure};
use super::section::Section;
use super::value::{Node, Table, Value};

/// The axes that have short names, of keys of `[train]`, the outermost loop first.
const SHORT_NAMES: [&str; 4] = ["algorithm", "seed", "batch_size", "learning_rate"];
/// The sections whose keys may be axes.
const SECTIONS: [&str; 7] = ["data", "model", "loss", "train", "analysis", "run", "slurm"];
/// The keys of a range.
const RANGE_KEYS: [&str; 2] = ["linear", "log10"];
/// Most points of a range.
const MAX_POINTS: usize = 1_000_000;

/// The values of one key in the runs of a sweep.
#[derive(Debug, Clone)]
pub struct Axis {
    /// The dotted key, `train.learning_rate`.
    pub key: String,
    /// How the file names it: `sweep.learning_rate` or `sweep."model.hidden"`.
    pub(super) name: Arc<str>,
    /// The place of its key in the file.
    pub(super) origin: Origin,
    /// Its values, which the key's own section checks.
    pub(super) values: Vec<Node>,
    /// Whether they are a range of powers of ten.
    pub(super) is_log_range: bool,
}

impl Axis {
    /// The number of its values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether it has no values, as if it were not there.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether `[sweep]` has a short name for it.
    pub fn has_short_name(&self) -> bool {
        self.loop_order().0 > 0
    }

    /// Sorts axes into the order of the loops, the outermost first: those of further keys in the order
    /// of the file, then those with short names.
    fn loop_order(&self) -> (usize, (usize, usize)) {
        let short = self.key.strip_prefix("train.");
        let place = short.and_then(|key| SHORT_NAMES.iter().position(|name| *name == key));
        (place.map_or(0, |place| place + 1), self.origin.sort_key())
    }
}

/// Reads the axes of `[sweep]`, in the order of the loops, the outermost first.
pub fn axes(s: &mut Section<'_>) -> Vec<Axis> {
    let mut axes = Vec::new();
    for short in SHORT_NAMES {
        s.take(short);
    }
    for (key, (origin, node)) in s.entries() {
        let name = s.key_path(key);
        if SHORT_NAMES.contains(&key.as_str()) {
            axes.extend(axis(s, format!("train.{key}"), &name, origin, node));
        } else if key.contains('.') {
            let name = s.key_path(&format!("\"{key}\""));
            axes.extend(axis(s, key.clone(), &name, origin, node));
        } else if let Value::Table(inner) = &node.value
            && SECTIONS.contains(&key.as_str())
        {
            add_nested(s, key, inner, &mut axes);
        } else if key != "where" {
            s.add_unknown_key(key, origin);
        }
    }
    axes.sort_by_key(Axis::loop_order);
    without_repetitions(s, axes)
}

/// Adds the axes of `[sweep.SECTION]`.
fn add_nested(s: &Section<'_>, path: &str, entries: &Table, axes: &mut Vec<Axis>) {
    for (key, (origin, node)) in entries {
        let path = format!("{path}.{key}");
        match &node.value {
            Value::Table(inner) if !is_range(inner) => add_nested(s, &path, inner, axes),
            _ => axes.extend(axis(s, path.clone(), &s.key_path(&path), origin, node)),
        }
    }
}

fn is_range(entries: &Table) -> bool {
    RANGE_KEYS.iter().chain(&["points"]).any(|key| entries.contains_key(*key))
}

/// The axes with one of each key: that of `--set` replaces that of the file, and the file may have no
/// two.
fn without_repetitions(s: &Section<'_>, axes: Vec<Axis>) -> Vec<Axis> {
    let mut unique: Vec<Axis> = Vec::with_capacity(axes.len());
    for axis in axes {
        match unique.iter_mut().find(|other| other.key == axis.key) {
            None => unique.push(axis),
            Some(other) if matches!(axis.origin, Origin::Override(_)) => *other = axis,
            Some(other) => {
                let message = format!("`{}` and `{}` are the same axis", other.name, axis.name);
                s.add_problem(axis.origin, message);
            }
        }
    }
    unique
}

/// The axis of `key`, unless it cannot be one.
fn axis(s: &Section<'_>, key: String, name: &str, origin: &Origin, node: &Node) -> Option<Axis> {
    if let Some(reason) = refusal(&key) {
        s.add_problem(origin.clone(), format!("`{name}` cannot be an axis: {reason}"));
        return None;
    }
    let is_log_range =
        matches!(&node.value, Value::Table(entries) if entries.contains_key("log10"));
    let name: Arc<str> = name.into();
    let values = values(s, &key, &name, node);
    let element = |(index, Node { value, origin })| {
        let place = Box::new(origin);
        Node { value, origin: Origin::Element { place, axis: Arc::clone(&name), index } }
    };
    let values: Vec<Node> = values.into_iter().enumerate().map(element).collect();
    let axis = Axis { key, name: Arc::clone(&name), origin: origin.clone(), values, is_log_range };
    Some(axis).filter(|axis| !axis.is_empty())
}

/// Why a key cannot be an axis.
fn refusal(key: &str) -> Option<&'static str> {
    let (section, key) = key.split_once('.')?;
    match section {
        "analysis" => Some("what is measured makes no other run; set it in [analysis]"),
        "run" if !["engine", "backend"].contains(&key) => {
            Some("it is one setting of the whole sweep; set it in [run]")
        }
        "slurm" => Some("it is one setting of the whole sweep; set it in [slurm]"),
        _ => None,
    }
}

fn values(s: &Section<'_>, key: &str, name: &str, node: &Node) -> Vec<Node> {
    if let Value::Table(entries) = &node.value {
        let value = |number| Node { value: Value::Float(number), origin: node.origin.clone() };
        return range(s.sibling(name, entries), node).into_iter().map(value).collect();
    }
    let Some(items) = elements(node) else {
        let expected = "a list of values or a range such as { linear = [0, 1], points = 5 }";
        s.add_mismatch(name, node, expected);
        return Vec::new();
    };
    if items.is_empty() {
        let message =
            format!("`{name}` is an empty list; leave it out to use the value of `{key}`");
        s.add_problem(node.origin.clone(), message);
    }
    let mut seen = HashSet::with_capacity(items.len());
    for item in items.iter() {
        let text = item.value.describe();
        if matches!(item.value, Value::Table(_)) {
            s.add_mismatch(name, item, "a list of values");
        } else if !seen.insert(text.clone()) {
            s.add_problem(item.origin.clone(), format!("`{name}` lists {text} twice"));
        }
    }
    items.into_owned()
}

/// The numbers of `{ linear = [0, 0.4], points = 5 }` or `{ log10 = [-3, 0], points = 100, every = 4 }`:
/// evenly spaced, or ten to the power of such numbers, and of them the first and every `every`th after it.
fn range(mut s: Section<'_>, node: &Node) -> Vec<f64> {
    let linear = s.optional("linear", |ends: &Vec<f64>| {
        ensure(
            ends.len() == 2 && ends.iter().all(|end| end.is_finite()),
            "a pair of numbers such as [0, 1]",
        )
    });
    let log10 = s.optional("log10", |ends: &Vec<f64>| match ends[..] {
        [low, high] if low.abs() <= 30.0 && high.abs() <= 30.0 => Ok(()),
        _ => Err("a pair of exponents such as [-3, 0]"),
    });
    let given = RANGE_KEYS.into_iter().filter(|key| s.entries().contains_key(*key)).count();
    if given != 1 {
        let message = format!("`{}` needs either `linear` or `log10`", s.name());
        s.add_problem(node.origin.clone(), message);
    }
    let points = s.required("points", |points: &usize| {
        ensure((1..=MAX_POINTS).contains(points), "a whole number from 1 to 1000000")
    });
    let every = s.or_default("every", 1, at_least_one);
    let name = s.name().to_owned();
    let (problem_at, ends) = (node.origin.clone(), linear.as_ref().or(log10.as_ref()));
    if let (Some(&[low, high]), Some(points)) = (ends.map(Vec::as_slice), points) {
        if low == high && points > every {
            s.add_problem(problem_at, format!("`{name}` has equal ends for several points"));
        } else {
            s.deny_unknown_keys();
            let power = |x: f64| if linear.is_some() { x } else { 10_f64.powf(x) };
            let chosen = (0..points).step_by(every);
            return chosen.map(|k| power(evenly_spaced(low, high, points, k))).collect();
        }
    }
    s.deny_unknown_keys();
    Vec::new()
}

/// Point `k` of `points` with exponents evenly spaced from `low` to `high`.
///
/// ```
/// use etastar::config::logspace;
/// assert_eq!(logspace(-3.0, 0.0, 4, 1), 0.01);
/// ```
pub fn logspace(low: f64, high: f64, points: usize, k: usize) -> f64 {
    let step = if points > 1 { (high - low) / (points - 1) as f64 } else { 0.0 };
    10_f64.powf(low + step * k as f64)
}
