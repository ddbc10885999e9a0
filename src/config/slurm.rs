//! `[slurm]`: the resources requested for each task of a sweep's job array.

use serde::{Deserialize, Serialize};

use super::from_node::FromNode;
use super::ranges::{RangeCheck, any, at_least_one, ensure};
use super::section::Section;
use super::value::{Node, Value};

/// `[slurm]`; an absent key has the default of the cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlurmConfig {
    /// Number of runs per task.
    pub chunk: usize,
    /// Maximum number of tasks at a time.
    pub limit: Option<usize>,
    pub partition: Option<String>,
    pub account: Option<String>,
    /// Time limit of a task, as Slurm writes it: minutes, `HH:MM:SS` or `D-HH:MM:SS`.
    pub time: Option<String>,
    /// Memory of a task, as Slurm writes it: `2G`.
    pub memory: Option<String>,
    /// Processors of a task, and number of its concurrent runs.
    pub cpus: usize,
    /// GPUs of a task, as Slurm writes them: `1` or `a100:1`.
    pub gpus: Option<String>,
    /// Seconds before the time limit at which a task saves its state and requeues itself.
    pub lead: u64,
    /// How often a task may requeue itself.
    pub requeues: u64,
    /// Further options of `sbatch`, such as `--qos=long`.
    pub options: Vec<String>,
    /// Lines for the shell before the program starts, such as `module load …`.
    pub setup: Vec<String>,
}

impl SlurmConfig {
    /// The time limit in seconds.
    pub fn time_limit(&self) -> Option<u64> {
        self.time.as_deref().and_then(seconds)
    }
}

/// A string that may also be written as a whole number.
struct StringOrInteger(String);

impl FromNode for StringOrInteger {
    const EXPECTED: &'static str = "a quoted string or a whole number";
    fn from_node(node: &Node) -> Option<Self> {
        match &node.value {
            Value::String(text) => Some(Self(text.clone())),
            Value::Integer(number) if *number >= 0 => Some(Self(number.to_string())),
            // `--set slurm.time=01:30:00` is TOML's own time of day.
            Value::Datetime => String::from_node(node).map(Self),
            _ => None,
        }
    }
}

/// Reads `[slurm]`.
pub fn read(mut s: Section<'_>) -> SlurmConfig {
    let config = SlurmConfig {
        chunk: s.or_default("chunk", 1, at_least_one),
        limit: s.optional("limit", at_least_one),
        partition: s.optional("partition", |text: &String| name(text)),
        account: s.optional("account", |text: &String| name(text)),
        time: string_or_integer(
            &mut s,
            "time",
            |text| seconds(text).is_some_and(|limit| limit > 0),
            TIME,
        ),
        memory: string_or_integer(&mut s, "memory", is_memory, "a size such as \"2G\" or \"800M\""),
        cpus: s.or_default("cpus", 1, at_least_one),
        gpus: string_or_integer(
            &mut s,
            "gpus",
            is_line,
            "a number of GPUs such as 1 or \"a100:1\"",
        ),
        lead: s.or_default("lead", 120, |lead: &u64| {
            ensure((1..=65535).contains(lead), "a whole number of seconds from 1 to 65535")
        }),
        requeues: s.or_default("requeues", 100, any),
        options: s.or_default("options", Vec::new(), |options: &Vec<String>| {
            let is_option = |text: &String| text.starts_with('-') && is_line(text);
            ensure(
                options.iter().all(is_option),
                "a list of options of sbatch, such as [\"--qos=long\"]",
            )
        }),
        setup: s.or_default("setup", Vec::new(), |lines: &Vec<String>| {
            ensure(
                lines.iter().all(|line| is_line(line)),
                "a list of lines such as [\"module load gcc\"]",
            )
        }),
    };
    s.deny_unknown_keys();
    config
}

const TIME: &str = "whole minutes or a quoted string such as \"01:30:00\" or \"2-00:00:00\"";

fn string_or_integer(
    s: &mut Section<'_>,
    key: &'static str,
    is_valid: fn(&str) -> bool,
    expected: &'static str,
) -> Option<String> {
    s.optional(key, |StringOrInteger(text)| ensure(is_valid(text), expected))
        .map(|StringOrInteger(text)| text)
}

fn name(text: &str) -> RangeCheck {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.,@".contains(c);
    ensure(
        !text.is_empty() && text.chars().all(allowed),
        "a name of letters, digits and the characters _ - . , @",
    )
}

fn is_line(text: &str) -> bool {
    !text.is_empty() && !text.contains(['\n', '\r'])
}

fn is_memory(text: &str) -> bool {
    let digits = text.trim_end_matches(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']);
    text.len() - digits.len() <= 1 && digits.parse::<u64>().is_ok()
}

/// Slurm's six ways to write a time: `M`, `M:S`, `H:M:S`, `D-H`, `D-H:M`, `D-H:M:S`.
fn seconds(text: &str) -> Option<u64> {
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(days.parse::<u64>().ok()?), rest),
        None => (None, text),
    };
    let parts: Option<Vec<u64>> = rest.split(':').map(|part| part.parse().ok()).collect();
    let (hours, minutes, seconds) = match (days.is_some(), &parts?[..]) {
        (true, [hours]) => (*hours, 0, 0),
        (true, [hours, minutes]) => (*hours, *minutes, 0),
        (false, [minutes]) => (0, *minutes, 0),
        (false, [minutes, seconds]) => (0, *minutes, *seconds),
        (_, [hours, minutes, seconds]) => (*hours, *minutes, *seconds),
        _ => return None,
    };
    let hours = days.unwrap_or(0).checked_mul(24)?.checked_add(hours)?;
    hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(60)?.checked_add(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn problems(section: &str) -> String {
        let source = format!("[slurm]\n{section}\n");
        Config::parse(&source, "x", "results/x".into(), &[]).unwrap_err().to_string()
    }

    #[test]
    fn times_are_read_as_slurm_reads_them() {
        for (text, wanted) in [
            ("90", 5400),
            ("1:30", 90),
            ("01:30:00", 5400),
            ("2-0", 172_800),
            ("1-02:03", 93_780),
            ("1-02:03:04", 93_784),
        ] {
            assert_eq!(seconds(text), Some(wanted), "{text}");
        }
        for text in ["", "1h", "1:2:3:4", "1-", "x-1"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn every_problem_says_what_would_be_valid() {
        let all =
            problems("time = \"1h\"\nmemory = \"2GB\"\nchunk = 0\noptions = [\"qos\"]\nqueue = 1");
        for part in ["slurm.time", "01:30:00", "slurm.memory", "slurm.chunk", "--qos=long", "queue"]
        {
            assert!(all.contains(part), "{part} in {all}");
        }
        // An unquoted time is TOML's own time of day.
        assert!(
            problems("time = 01:30:00").contains("quoted string"),
            "{}",
            problems("time = 01:30:00")
        );
        assert!(problems("time = 2\nlead = 120").contains("leaves no time"));
    }
}
