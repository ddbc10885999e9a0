//! Problems of a configuration, and the error that lists them.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::origin::Origin;

/// One problem of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub origin: Origin,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.message)
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration {path}: {source}")]
    Unreadable { path: String, source: std::io::Error },
    /// Every problem found, in the order of the file.
    #[error("{}", list(.path, .problems, Problem::to_string))]
    Invalid { path: String, text: String, problems: Vec<Problem> },
}

impl ConfigError {
    /// All `problems` of the file `path` with the content `text`, sorted by place.
    pub fn invalid(path: &str, text: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.origin.sort_key());
        Self::Invalid { path: path.to_owned(), text: text.to_owned(), problems }
    }

    /// The message for a terminal: a problem of the file is followed by the line it is in, with a
    /// caret below its place, in at most `width` columns.
    pub fn with_source_lines(&self, width: usize) -> String {
        match self {
            Self::Unreadable { .. } => self.to_string(),
            Self::Invalid { path, text, problems } => list(path, problems, |problem| {
                let source_line = source_line(text, &problem.origin, width).unwrap_or_default();
                format!("{problem}{source_line}")
            }),
        }
    }
}

fn list(path: &str, problems: &[Problem], describe: impl Fn(&Problem) -> String) -> String {
    let count = match problems.len() {
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    };
    problems
        .iter()
        .map(|problem| format!("\n  {}", describe(problem)))
        .fold(format!("{path} has {count}"), |list, problem| list + &problem)
}

/// The line of the place `origin`, if it is in the file, and a caret, each after a line break.
fn source_line(text: &str, origin: &Origin, width: usize) -> Option<String> {
    const INDENT: &str = "    ";
    let place = origin.range_in(text)?;
    let snippet = Snippet::source(text).annotation(AnnotationKind::Primary.span(place));
    let group = Group::with_level(Level::ERROR).element(snippet);
    let lines = Renderer::plain().term_width(width.saturating_sub(INDENT.len())).render(&[group]);
    Some(lines.lines().map(|line| format!("\n{INDENT}{line}")).collect())
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn terminals_show_the_line_of_every_problem_of_the_file() {
        let source = "[train]\nlearning_rat = 1\nbatch_size = 0 # η\n";
        let overrides = ["train.seed=x".to_owned()];
        let error = Config::parse(source, "x.toml", "x".into(), &overrides).unwrap_err();
        let text = error.with_source_lines(80);
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        assert_eq!(lines[0], "x.toml has 3 problems");
        assert!(lines[1].starts_with("  line 2, column 1: unknown key `learning_rat`"), "{text}");
        assert_eq!(lines[2..5], ["      |", "    2 | learning_rat = 1", "      | ^"], "{text}");
        assert!(lines[5].starts_with("  line 3, column 14: `train.batch_size` must be"), "{text}");
        let caret = format!("      | {}^", " ".repeat(13));
        assert_eq!(
            lines[6..9],
            ["      |", "    3 | batch_size = 0 # η", caret.as_str()],
            "{text}"
        );
        assert!(lines[9].starts_with("  --set train.seed=x: "), "{text}");
        assert_eq!(lines.len(), 10, "{text}");
    }

    #[test]
    fn long_lines_are_cut_and_the_end_of_the_file_is_a_place() {
        let long = format!("[data]\nclasses = [{}-1]\n", "1, ".repeat(100));
        for source in [&long, "[train]\nseed = ", "[train]\nseed =", "[train", "x", "[é"] {
            let error = Config::parse(source, "x", "x".into(), &[]).unwrap_err();
            let text = error.with_source_lines(80);
            assert!(text.lines().skip(2).any(|line| line.contains(" | ")), "{text}");
            let snippets = text.lines().filter(|line| line.contains(" | "));
            assert!(snippets.map(|line| line.chars().count()).all(|width| width <= 80), "{text}");
        }
    }
}
