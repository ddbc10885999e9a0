//! Options of `sbatch` that a configuration adds, and those that it must not add.

use super::quoting::{quote_option, without_outer_quotes};

/// An option of `sbatch`: `--qos=long`, `--qos long`, `-q long`, `-qlong`, `--exclusive`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbatchOption {
    /// With its dashes; several short options without a value may stand together.
    name: String,
    value: Option<String>,
}

/// An option of `sbatch` that a submission cannot have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// The option's full name.
    pub name: &'static str,
    pub instead: Instead,
}

/// What stands in the way of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// This key of the configuration sets the same.
    Key(&'static str),
    /// This key of the configuration sets the same, if it is present.
    KeyIfPresent(&'static str),
    /// The launcher needs it to be otherwise.
    Launcher(&'static str),
}

use Instead::{Key, KeyIfPresent, Launcher};

const LOGS: Instead = Launcher("every task has its own log in the results folder");
const NO_JOB: Instead = Launcher("nothing would be submitted");
const ONE_PROCESS: Instead =
    Launcher("a task is one process; slurm.cpus sets how many runs it executes side by side");
const NUMBER: Instead = Launcher("the launcher reads the number of the job that sbatch prints");

/// Long name, short name and reason of every reserved option.
const RESERVED: [(&str, Option<char>, Instead); 38] = [
    ("account", Some('A'), KeyIfPresent("slurm.account")),
    (
        "array",
        Some('a'),
        Launcher(
            "the launcher numbers the tasks; slurm.chunk and slurm.limit set how many there are",
        ),
    ),
    (
        "chdir",
        Some('D'),
        Launcher("paths are relative to the folder in which the sweep is launched"),
    ),
    ("clusters", Some('M'), Launcher("the sweep goes to the cluster of this machine")),
    ("cpus-per-gpu", None, Key("slurm.cpus")),
    ("cpus-per-task", Some('c'), Key("slurm.cpus")),
    ("error", Some('e'), LOGS),
    ("gpus", Some('G'), KeyIfPresent("slurm.gpus")),
    ("gpus-per-node", None, KeyIfPresent("slurm.gpus")),
    ("gpus-per-socket", None, KeyIfPresent("slurm.gpus")),
    ("gpus-per-task", None, KeyIfPresent("slurm.gpus")),
    ("help", Some('h'), NO_JOB),
    ("input", Some('i'), Launcher("a task reads no input")),
    ("job-name", Some('J'), Launcher("jobs are named after the results folder")),
    ("mem", None, KeyIfPresent("slurm.memory")),
    ("mem-per-cpu", None, KeyIfPresent("slurm.memory")),
    ("mem-per-gpu", None, KeyIfPresent("slurm.memory")),
    ("no-requeue", None, Launcher("slurm.requeues = 0 keeps tasks from going back into the queue")),
    ("ntasks", Some('n'), ONE_PROCESS),
    ("ntasks-per-core", None, ONE_PROCESS),
    ("ntasks-per-gpu", None, ONE_PROCESS),
    ("ntasks-per-node", None, ONE_PROCESS),
    ("ntasks-per-socket", None, ONE_PROCESS),
    ("open-mode", None, LOGS),
    ("output", Some('o'), LOGS),
    ("parsable", None, NUMBER),
    ("partition", Some('p'), KeyIfPresent("slurm.partition")),
    ("quiet", Some('Q'), NUMBER),
    ("requeue", None, Key("slurm.requeues")),
    ("signal", None, Key("slurm.lead")),
    ("test-only", None, NO_JOB),
    ("time", Some('t'), Key("slurm.time")),
    ("time-min", None, Key("slurm.time")),
    ("usage", None, NO_JOB),
    ("version", Some('V'), NO_JOB),
    ("wait", Some('W'), NUMBER),
    ("workdir", None, Launcher("paths are relative to the folder in which the sweep is launched")),
    ("wrap", None, Launcher("the job is the script of the sweep")),
];

/// Short options of `sbatch` without a value: what follows one is another option.
const SHORT_FLAGS: &str = "HhIkOQsvVW";

impl SbatchOption {
    /// Reads one option.
    ///
    /// # Errors
    /// What the text should be instead.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.contains(|c: char| c.is_control() && c != '\t') {
            return Err("one line without control characters");
        }
        let (name, value) = match text.strip_prefix("--") {
            Some(long) => split_long(long).map(|(name, value)| (format!("--{name}"), value)),
            None => text.strip_prefix('-').and_then(split_short),
        }
        .ok_or("an option of sbatch, such as \"--qos=long\"")?;
        let value = value.map(str::trim).filter(|value| !value.is_empty());
        if value.is_some_and(holds_another_option) {
            return Err("one option; each is an element of the list, a value with spaces and \
                        dashes stands in quotes: '--comment=\"a -b\"'");
        }
        Ok(Self { name, value: value.map(without_outer_quotes) })
    }

    /// Whether the option is `--long`.
    pub fn is(&self, long: &str) -> bool {
        let short = match long {
            "dependency" => Some('d'),
            _ => reserved(|name, _| name == long).and_then(|(_, short, _)| short),
        };
        self.long_name() == Some(long) || short.is_some_and(|c| self.short_names().contains(c))
    }

    /// The reserved options that this one is, or may be as an abbreviation.
    pub fn reserved(&self) -> Vec<Reserved> {
        let as_reserved = |&(name, _, instead): &(&'static str, _, _)| Reserved { name, instead };
        match self.long_name() {
            Some(long) => match reserved(|name, _| name == long) {
                Some(found) => vec![as_reserved(&found)],
                // getopt_long takes the beginning of a name for the whole.
                None => RESERVED
                    .iter()
                    .filter(|(name, ..)| name.starts_with(long))
                    .map(as_reserved)
                    .collect(),
            },
            None => {
                let names = self.short_names().chars();
                let found = names.filter_map(|c| reserved(|_, short| short == Some(c)));
                found.map(|found| as_reserved(&found)).collect()
            }
        }
    }

    /// The option as it stands behind `#SBATCH`.
    pub fn line(&self) -> String {
        match &self.value {
            None => self.name.clone(),
            Some(value) if self.long_name().is_some() => {
                format!("{}={}", self.name, quote_option(value))
            }
            Some(value) => format!("{} {}", self.name, quote_option(value)),
        }
    }

    fn long_name(&self) -> Option<&str> {
        self.name.strip_prefix("--")
    }

    fn short_names(&self) -> &str {
        if self.long_name().is_some() { "" } else { self.name.trim_start_matches('-') }
    }
}

type Entry = (&'static str, Option<char>, Instead);

fn reserved(is_wanted: impl Fn(&str, Option<char>) -> bool) -> Option<Entry> {
    RESERVED.into_iter().find(|(name, short, _)| is_wanted(name, *short))
}

/// Name and value of `name`, `name=value` or `name value`.
fn split_long(text: &str) -> Option<(&str, Option<&str>)> {
    let end = text.find(|c: char| c == '=' || c.is_whitespace());
    let (name, value) = match end {
        Some(end) => (&text[..end], Some(&text[end + 1..])),
        None => (text, None),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some((name, value))
}

/// Names and value of `p value`, `pvalue`, `H` or `Hp value`, which stand behind a dash.
fn split_short(text: &str) -> Option<(String, Option<&str>)> {
    let end = text.find(|c| !SHORT_FLAGS.contains(c));
    let names = match end {
        None => text,
        // A space ends the options without a value.
        Some(end) if text[end..].starts_with(char::is_whitespace) => &text[..end],
        Some(end) => text.get(..=end)?,
    };
    let value = &text[names.len()..];
    let is_option = !names.is_empty() && names.chars().all(|c| c.is_ascii_alphabetic());
    is_option.then(|| (format!("-{names}"), (!value.is_empty()).then_some(value)))
}

/// Whether a value without quotes has a word that begins with a dash.
fn holds_another_option(value: &str) -> bool {
    let is_quoted = value.starts_with(['"', '\'']) && without_outer_quotes(value) != value;
    !is_quoted && value.split_whitespace().skip(1).any(|word| word.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        SbatchOption::parse(text).unwrap().line()
    }

    fn reserved_names(text: &str) -> Vec<&'static str> {
        let option = SbatchOption::parse(text).unwrap();
        option.reserved().into_iter().map(|reserved| reserved.name).collect()
    }

    #[test]
    fn every_form_of_an_option_is_written_so_that_sbatch_reads_it() {
        for (text, wanted) in [
            ("--qos=long", "--qos=long"),
            ("--qos long", "--qos=long"),
            ("-q long", "-q long"),
            ("-qlong", "-q long"),
            ("-Hqlong", "-Hq long"),
            ("-H", "-H"),
            ("--exclusive", "--exclusive"),
            ("--comment=run #5", r#"--comment="run \#5""#),
            ("--comment=\"two words\"", "--comment=\"two words\""),
            ("--comment='a -b'", "--comment=\"a -b\""),
            (r"--comment=C:\x", r#"--comment="C:\\x""#),
            ("--constraint=a100&nvlink", "--constraint=\"a100&nvlink\""),
        ] {
            assert_eq!(line(text), wanted, "{text}");
        }
        for text in ["", "qos", "-", "--", "--=x", "-1", "--qos=long --exclusive", "--a=b\nc"] {
            assert!(SbatchOption::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_reserved_option_is_found_in_every_form() {
        for (text, wanted) in [
            ("--array=0-3", "array"),
            ("--array 0-3", "array"),
            ("-a0-3", "array"),
            ("-a 0-3", "array"),
            ("-Ha0-3", "array"),
            ("--arr=0-3", "array"),
            ("--outp=x", "output"),
            ("-o x", "output"),
            ("-ex", "error"),
            ("-t30", "time"),
            ("--time-min=1", "time-min"),
            ("--no-req", "no-requeue"),
            ("--requeue", "requeue"),
            ("--wra=ls", "wrap"),
            ("-D/tmp", "chdir"),
            ("--signal=USR1@5", "signal"),
            ("--mem-per-c=1G", "mem-per-cpu"),
            ("-QW", "quiet"),
            ("-QW", "wait"),
            ("-n 4", "ntasks"),
        ] {
            assert!(reserved_names(text).contains(&wanted), "{text}: {:?}", reserved_names(text));
        }
        for text in [
            "--qos=long",
            "--exclusive=user",
            "-H",
            "-C a100",
            "--gres=gpu:1",
            "--mail-type=END",
            "--dependency=afterok:3",
            "--nodes=1",
            "-qaaa",
            "--comment=--array=0-3",
        ] {
            assert_eq!(reserved_names(text), Vec::<&str>::new(), "{text}");
        }
        // A whole name is not taken for the beginning of another.
        assert_eq!(reserved_names("--time=3"), ["time"]);
        assert_eq!(reserved_names("--mem=3"), ["mem"]);
    }

    #[test]
    fn an_option_is_known_by_its_short_name_too() {
        for text in ["-d afterok:3", "--dependency=afterok:3"] {
            assert!(SbatchOption::parse(text).unwrap().is("dependency"), "{text}");
        }
        assert!(!SbatchOption::parse("--deadline=now").unwrap().is("dependency"));
    }
}
