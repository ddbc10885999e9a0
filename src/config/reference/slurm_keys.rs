//! The keys of `[slurm]`.

use super::key::{self, Key, Kind};

/// The keys, in the order of the template.
pub fn slurm_keys() -> Vec<Key> {
    let key = |name, value, kind, meaning| key::key("slurm", name, value, kind, meaning);
    let optional = |name, value, kind, meaning| key::optional("slurm", name, value, kind, meaning);
    let name = || Kind::Text { pattern: "^[A-Za-z0-9_.,@-]+$" };
    let line = || Kind::Text { pattern: r"^[^\n\r]+$" };
    let time = r"^([0-9]+-[0-9]+(:[0-9]+){0,2}|[0-9]+(:[0-9]+){0,2})$";
    vec![
        key("chunk", "1", Kind::whole(1), "runs per task"),
        optional("limit", "50", Kind::whole(1), "most tasks at a time"),
        optional("partition", "\"short\"", name(), "partition, or several with commas"),
        optional("account", "\"project\"", name(), "account that is charged"),
        optional(
            "time",
            "\"01:00:00\"",
            Kind::TextOrWhole { pattern: time, least: 1 },
            "time limit of a task: minutes, HH:MM:SS or D-HH:MM:SS",
        ),
        optional(
            "memory",
            "\"2G\"",
            Kind::TextOrWhole { pattern: "^[0-9]+[KMGTkmgt]?$", least: 0 },
            "memory of a task, in MB without a unit",
        ),
        key("cpus", "1", Kind::whole(1), "processors of a task, and its runs side by side"),
        optional(
            "gpus",
            "1",
            Kind::TextOrWhole { pattern: r"^[^\n\r]+$", least: 0 },
            "GPUs of a task: a number, or a type and a number",
        ),
        key(
            "lead",
            "120",
            Kind::Whole { least: 1, most: 65535 },
            "seconds before the time limit at which a task saves its state and requeues itself",
        ),
        key("requeues", "100", Kind::whole(0), "how often a task may requeue itself"),
        key(
            "options",
            "[]",
            Kind::Text { pattern: r"^-[^\n\r]*$" }.list(),
            "further options of sbatch, such as \"--qos=long\"",
        ),
        key(
            "setup",
            "[]",
            line().list(),
            "lines of the shell before the program, such as \"module load gcc\"",
        ),
    ]
}
