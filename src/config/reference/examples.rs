//! The configurations of `configs/`, embedded.

use crate::config::suggest;

/// A configuration by its name.
pub struct Example {
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! examples {
    ($($name:literal),* $(,)?) => {
        /// Every configuration, the shortest way to start first.
        pub const EXAMPLES: &[Example] = &[$(Example {
            name: $name,
            text: include_str!(concat!("../../../configs/", $name, ".toml")),
        }),*];
    };
}

examples![
    "minimal",
    "quick",
    "axes",
    "paper",
    "fig1b",
    "mixture",
    "two_hidden",
    "label_noise",
    "momentum",
    "quadratic_phase",
    "quadratic_momentum",
    "quadratic_second_moment",
    "quadratic_mixture",
    "quadratic_stationary",
];

/// A name that no example has.
#[derive(Debug, thiserror::Error)]
#[error("there is no configuration `{name}`{hint}; known: {known}")]
pub struct UnknownExample {
    name: String,
    hint: String,
    known: String,
}

impl Example {
    /// What it shows: the first sentence of its comment.
    pub fn about(&self) -> String {
        let comment = self.text.lines().map_while(|line| line.strip_prefix('#'));
        let words: Vec<&str> = comment.flat_map(str::split_whitespace).collect();
        let ends_sentence =
            |word: &&str| word.ends_with(['.', ':', '?']) && !["al.", "vs."].contains(word);
        let end = words.iter().position(ends_sentence).unwrap_or(words.len());
        let sentence = words.get(..=end).unwrap_or(&words).join(" ");
        sentence.trim_end_matches([':', '.']).to_owned()
    }
}

/// The configuration called `name`, with or without `.toml`.
///
/// # Errors
/// There is none.
pub fn example(name: &str) -> Result<&'static Example, UnknownExample> {
    let plain = name.trim_start_matches("configs/").trim_end_matches(".toml");
    EXAMPLES.iter().find(|example| example.name == plain).ok_or_else(|| {
        let names: Vec<&str> = EXAMPLES.iter().map(|example| example.name).collect();
        let hint = suggest(plain, &names);
        UnknownExample {
            name: name.to_owned(),
            hint: hint.map_or_else(String::new, |known| format!("; did you mean `{known}`?")),
            known: names.join(", "),
        }
    })
}
