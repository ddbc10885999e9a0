//! `[slurm]`: the resources requested for each task of a sweep's job array.

use serde::{Deserialize, Serialize};

use super::from_node::{FromNode, elements};
use super::ranges::{RangeCheck, any, at_least_one, ensure};
use super::section::Section;
use super::value::{Node, Value};
use crate::slurm::{Instead, Reserved, SbatchOption};

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
    let options = s.take("options");
    let mut config = SlurmConfig {
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
        options: Vec::new(),
        setup: s.or_default("setup", Vec::new(), |lines: &Vec<String>| {
            let is_command = |text: &String| is_line(text) && !text.starts_with("#SBATCH");
            ensure(
                lines.iter().all(is_command),
                "a list of lines such as [\"module load gcc\"]; options of sbatch stand in slurm.options",
            )
        }),
    };
    config.options = options.map_or_else(Vec::new, |node| read_options(&s, node, &config));
    s.deny_unknown_keys();
    config
}

/// Reads `slurm.options`; a problem of one option names it and its place.
fn read_options(s: &Section<'_>, node: &Node, config: &SlurmConfig) -> Vec<String> {
    let path = s.key_path("options");
    let (Some(items), Some(options)) = (elements(node), Vec::<String>::from_node(node)) else {
        s.add_mismatch(&path, node, "a list of options of sbatch, such as [\"--qos=long\"]");
        return Vec::new();
    };
    for (item, text) in items.iter().zip(&options) {
        let option = match SbatchOption::parse(text) {
            Ok(option) => option,
            Err(expected) => {
                let message = format!("`{path}` cannot hold {text:?}: it must be {expected}");
                s.add_problem(item.origin.clone(), message);
                continue;
            }
        };
        let mut conflicts = option.reserved().into_iter();
        if let Some(conflict) = conflicts.find(|found| conflicts_with(config, found)) {
            let Reserved { name, instead } = conflict;
            let reason = match instead {
                Instead::Key(key) => format!("{key} sets it"),
                Instead::KeyIfPresent(key) => format!("{key} is set"),
                Instead::Launcher(reason) => reason.to_owned(),
            };
            let message = format!("`{path}` cannot hold {text:?}, sbatch's --{name}: {reason}");
            s.add_problem(item.origin.clone(), message);
        }
    }
    options
}

/// Whether `config` or the launcher sets what a reserved option sets.
fn conflicts_with(config: &SlurmConfig, reserved: &Reserved) -> bool {
    match reserved.instead {
        Instead::Key(_) | Instead::Launcher(_) => true,
        Instead::KeyIfPresent("slurm.account") => config.account.is_some(),
        Instead::KeyIfPresent("slurm.gpus") => config.gpus.is_some(),
        Instead::KeyIfPresent("slurm.memory") => config.memory.is_some(),
        Instead::KeyIfPresent("slurm.partition") => config.partition.is_some(),
        Instead::KeyIfPresent(_) => false,
    }
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
    !text.is_empty() && !text.contains(['\n', '\r', '\0'])
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
        assert!(problems("setup = [\"#SBATCH --array=0-9\"]").contains("slurm.options"));
        // An unquoted time is TOML's own time of day.
        assert!(
            problems("time = 01:30:00").contains("quoted string"),
            "{}",
            problems("time = 01:30:00")
        );
        assert!(problems("time = 2\nlead = 120").contains("leaves no time"));
    }

    #[test]
    fn an_option_that_contradicts_the_launcher_or_a_key_is_refused_by_name() {
        let options = [
            "--array=0-3",
            "-a 0-3",
            "-a0-3",
            "--arr=0-3",
            "--output=x",
            "-o x",
            "-e x",
            "--error=x",
            "--open-mode=truncate",
            "--time=3",
            "-t 3",
            "--time-min=3",
            "--signal=B:TERM@9",
            "--requeue",
            "--no-requeue",
            "--wrap=ls",
            "--chdir=/tmp",
            "-D /tmp",
            "--job-name=x",
            "-Jx",
            "--ntasks=4",
            "-n4",
            "--ntasks-per-node=2",
            "--cpus-per-task=4",
            "-c4",
            "--parsable",
            "--test-only",
            "--wait",
            "--clusters=other",
            "-HQ",
        ];
        for option in options {
            let found = problems(&format!("options = [\"--qos=long\", {option:?}]"));
            let named = format!("`slurm.options` cannot hold {option:?}, sbatch's --");
            assert!(found.contains(&named), "{option}: {found}");
            assert!(found.contains("line 2, column 26"), "{option}: {found}");
        }
        for value in ["--qos=long,--arr=0-3", "-a0-3", "[\"--array=0-3\"]"] {
            let setting = format!("slurm.options={value}");
            let found = Config::parse("", "x", "results/x".into(), &[setting]).unwrap_err();
            assert!(found.to_string().contains("sbatch's --array"), "{value}: {found}");
        }
        for (key, options) in [
            ("memory = \"2G\"", &["--mem=1G", "--mem-per-cpu=1G", "--mem-per-gpu 1G"][..]),
            ("gpus = 1", &["--gpus=2", "-G2", "--gpus-per-node=2"]),
            ("partition = \"a\"", &["--partition=b", "-pb"]),
            ("account = \"a\"", &["--account=b", "-A b"]),
        ] {
            let name = key.split(' ').next().unwrap();
            for option in options {
                let found = problems(&format!("{key}\noptions = [{option:?}]"));
                assert!(found.contains(&format!("slurm.{name} is set")), "{option}: {found}");
                let source = format!("[slurm]\noptions = [{option:?}]\n[model]\nhidden = []");
                let alone = Config::parse(&source, "x", "results/x".into(), &[]);
                let alone = alone.err().map_or(String::new(), |error| error.to_string());
                assert!(!alone.contains("slurm.options"), "{option}: {alone}");
            }
        }
    }
}
