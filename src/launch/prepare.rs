//! What a submission would be: the runs that are left, their tasks, the script.

use std::path::{Path, PathBuf};

use super::LaunchError;
use super::places::places;
use crate::config::{RunSpec, SlurmConfig};
use crate::slurm::{Cluster, Script, quote};
use crate::sweep::{Place, RunId, Store, StoreError, is_finished, run_id};

/// What is wanted, and from where.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    pub specs: &'a [RunSpec],
    pub data_digest: &'a str,
    pub slurm: &'a SlurmConfig,
    /// The configuration file.
    pub config: &'a Path,
    /// Values of `--set`.
    pub overrides: &'a [String],
    /// The program itself.
    pub program: PathBuf,
    /// Where relative paths of the configuration begin.
    pub directory: PathBuf,
}

/// The tasks of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    pub tasks: Vec<Vec<RunId>>,
    pub finished: usize,
    /// Runs that wait in Slurm's queue or that a process is at work on.
    pub busy: usize,
}

impl Prepared {
    /// Runs to be submitted.
    pub fn runs(&self) -> usize {
        self.tasks.iter().map(Vec::len).sum()
    }
}

/// Finds the runs that are left and puts them into tasks.
///
/// # Errors
/// Slurm cannot be asked, or a damaged file.
pub fn prepare(store: &Store, order: &Order<'_>) -> Result<Prepared, LaunchError> {
    let places = places(store)?;
    let is_busy = |id: &RunId| -> Result<bool, StoreError> {
        let queued = matches!(places.get(id), Some(Place::Waiting { .. } | Place::AtWork { .. }));
        Ok(queued || store.is_claimed(id)?)
    };
    let (mut left, mut finished, mut busy) = (Vec::new(), 0, 0);
    for spec in order.specs {
        let id = run_id(spec, order.data_digest);
        if is_finished(store, spec, &id)? {
            finished += 1;
        } else if is_busy(&id)? {
            busy += 1;
        } else {
            left.push(id);
        }
    }
    let tasks = left.chunks(order.slurm.chunk).map(<[RunId]>::to_vec).collect();
    Ok(Prepared { tasks, finished, busy })
}

impl Prepared {
    /// Whether the cluster takes so many tasks.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, cluster: &Cluster) -> Result<(), LaunchError> {
        let (tasks, most) = (self.tasks.len(), cluster.array_size.saturating_sub(1).max(1));
        if tasks <= most {
            return Ok(());
        }
        Err(LaunchError::TooManyTasks { tasks, most, chunk: self.runs().div_ceil(most) })
    }
}

/// The script of the job array, with its files in `folder`.
pub fn array_script(store: &Store, order: &Order<'_>, tasks: usize, folder: &Path) -> String {
    let asked = order.slurm;
    let mut script = head(store, order, "");
    let limit = asked.limit.map_or(String::new(), |limit| format!("%{limit}"));
    script.option("array", format!("0-{}{limit}", tasks.saturating_sub(1)));
    script.option("output", folder.join("%a.log").display());
    script.maybe("time", asked.time.as_ref());
    script.maybe("mem", asked.memory.as_ref());
    script.option("cpus-per-task", asked.cpus);
    script.maybe("gpus", asked.gpus.as_ref());
    // "B": to the program itself, which the shell becomes at the end.
    script.option("signal", format!("B:USR1@{}", asked.lead));
    script.raw_option("--requeue");
    // A signal that comes before the program listens must not end it.
    script.line("trap '' USR1");
    options_and_setup(&mut script, asked);
    script.line(format!("export RAYON_NUM_THREADS={}", asked.cpus));
    let mut words = vec!["exec".to_owned(), word(&order.program), "sweep".to_owned()];
    words.push(word(&folder.join("config.toml")));
    for setting in order.overrides.iter().filter(|setting| !setting.starts_with("run.results=")) {
        words.extend(["--set".to_owned(), quote(setting)]);
    }
    let results = format!("run.results={}", toml_string(store.root()));
    words.extend(["--set".to_owned(), quote(&results), "--submission".to_owned()]);
    words.push(word(Path::new(folder.file_name().unwrap_or_default())));
    words.extend(["--task".to_owned(), "\"$SLURM_ARRAY_TASK_ID\"".to_owned()]);
    script.line(words.join(" "));
    script.text()
}

/// The script of the last job, after the array `array`.
pub fn gather_script(store: &Store, order: &Order<'_>, array: u64, folder: &Path) -> String {
    let mut script = head(store, order, "-gather");
    script.option("dependency", format!("afterany:{array}"));
    script.option("output", folder.join("gather.log").display());
    script.option("time", GATHER_MINUTES);
    options_and_setup(&mut script, order.slurm);
    let (program, results) = (word(&order.program), word(store.root()));
    script.line(format!("{program} status {results}"));
    script.line(format!("{program} plot {results}"));
    script.text()
}

/// Minutes that gathering and drawing may take: seconds in fact, for any number of runs.
const GATHER_MINUTES: u32 = 20;

fn head(store: &Store, order: &Order<'_>, suffix: &str) -> Script {
    let name = store.root().file_name().unwrap_or_default().to_string_lossy();
    let mut script = Script::default();
    script.option("job-name", format!("etastar-{}{suffix}", name.replace(' ', "-")));
    script.option("chdir", order.directory.display());
    script.option("open-mode", "append");
    script.maybe("partition", order.slurm.partition.as_ref());
    script.maybe("account", order.slurm.account.as_ref());
    script
}

fn options_and_setup(script: &mut Script, asked: &SlurmConfig) {
    asked.options.iter().for_each(|option| script.raw_option(option));
    asked.setup.iter().for_each(|line| script.line(line));
}

fn word(path: &Path) -> String {
    quote(&path.display().to_string())
}

/// A path as `--set` reads it: as the string it is, whatever it looks like.
fn toml_string(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}
