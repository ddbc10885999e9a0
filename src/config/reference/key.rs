//! A key, and the values that it takes.

/// A key of a configuration.
pub struct Key {
    pub section: &'static str,
    pub name: &'static str,
    pub kind: Kind,
    /// In TOML; an example if there is no default.
    pub value: &'static str,
    /// Whether `value` is its default.
    pub is_default: bool,
    /// What it means, with its unit.
    pub meaning: &'static str,
}

/// Which values a key takes.
#[derive(Clone)]
pub enum Kind {
    Flag,
    /// Whole numbers, ends included.
    Whole {
        least: u64,
        most: u64,
    },
    Number(Interval),
    /// One of several words.
    Word(Vec<&'static str>),
    /// Text that matches a regular expression.
    Text {
        pattern: &'static str,
    },
    /// Text that matches a regular expression, or a whole number.
    TextOrWhole {
        pattern: &'static str,
        least: u64,
    },
    /// A list of such values.
    List {
        of: Box<Self>,
        is_set: bool,
        least: usize,
    },
}

/// The numbers from `least` to `most`.
#[derive(Clone, Copy)]
pub struct Interval {
    pub least: f64,
    /// Whether `least` itself is excluded.
    pub above: bool,
    pub most: f64,
    /// Whether `most` itself is excluded.
    pub below: bool,
}

/// The largest whole number of TOML.
pub const LARGEST: u64 = i64::MAX as u64;

impl Kind {
    /// Whole numbers from `least` on.
    pub fn whole(least: u64) -> Self {
        Self::Whole { least, most: LARGEST }
    }

    /// Numbers from `least` to `most`.
    pub fn from_to(least: f64, most: f64) -> Self {
        Self::Number(Interval { least, above: false, most, below: false })
    }

    /// Numbers above `least`, at most `most`.
    pub fn above(least: f64, most: f64) -> Self {
        Self::Number(Interval { least, above: true, most, below: false })
    }

    /// Numbers from `least` on, below `most`.
    pub fn from_to_below(least: f64, most: f64) -> Self {
        Self::Number(Interval { least, above: false, most, below: true })
    }

    /// The words of a list of choices.
    pub fn words<T, const N: usize>(choices: &[(&'static str, T); N]) -> Self {
        Self::Word(choices.iter().map(|(word, _)| *word).collect())
    }

    /// A list of such values.
    pub fn list(self) -> Self {
        Self::List { of: Box::new(self), is_set: false, least: 0 }
    }

    /// The values in words; nothing if the meaning says it all.
    pub fn describe(&self) -> String {
        match self {
            Self::Flag | Self::Text { .. } | Self::TextOrWhole { .. } => String::new(),
            Self::Whole { least: 0, most: LARGEST } => "a whole number".to_owned(),
            Self::Whole { least, most: LARGEST } => format!("{least} or more"),
            Self::Whole { least, most } => format!("{least} to {most}"),
            Self::Number(Interval { least, most, below: true, .. }) => {
                format!("{} or more, below {}", short(*least), short(*most))
            }
            Self::Number(Interval { least, above, most, .. }) => {
                let start =
                    if *above { format!("above {least}") } else { format!("{least:?} or more") };
                match (above, most.is_finite()) {
                    (true, true) => format!("{start}, at most {most}"),
                    (false, true) => format!("{} to {}", short(*least), short(*most)),
                    (_, false) => start,
                }
            }
            Self::Word(words) => {
                words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ")
            }
            Self::List { of, .. } => {
                let each = of.describe();
                if each.is_empty() { String::new() } else { format!("each {each}") }
            }
        }
    }
}

/// A bound as a configuration would have it.
fn short(bound: f64) -> String {
    if bound != 0.0 && !(1e-3..1e5).contains(&bound.abs()) {
        format!("{bound:e}")
    } else {
        bound.to_string()
    }
}

impl Key {
    /// `section.name`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// Whether `[sweep]` may vary it.
    pub fn may_be_swept(&self) -> bool {
        match self.section {
            "data" | "model" | "loss" | "train" | "train.warmup" => true,
            "run" => ["engine", "backend"].contains(&self.name),
            _ => false,
        }
    }
}

/// A key with a default.
pub fn key(
    section: &'static str,
    name: &'static str,
    value: &'static str,
    kind: Kind,
    meaning: &'static str,
) -> Key {
    Key { section, name, kind, value, is_default: true, meaning }
}

/// A key without a default; `value` is an example.
pub fn optional(
    section: &'static str,
    name: &'static str,
    value: &'static str,
    kind: Kind,
    meaning: &'static str,
) -> Key {
    Key { is_default: false, ..key(section, name, value, kind, meaning) }
}
