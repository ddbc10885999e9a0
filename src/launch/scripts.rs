//! The batch scripts of a submission.

use std::path::Path;

use super::error::LaunchError;
use super::request::SubmissionRequest;
use crate::config::SlurmConfig;
use crate::slurm::{SbatchOption, Script, escape_literal_name, escape_pattern, quote};
use crate::store::Store;

/// Time limit of the last job in minutes. Writing the summary and drawing the figures takes seconds.
const GATHER_MINUTES: u32 = 20;

/// Removes what `srun` in `slurm.setup` would take from the job in which the sweep was launched. It
/// stands in the script for those who submit it by hand.
const UNSET: &str = "unset ${!SLURM_CPU_BIND*} ${!SLURM_MEM_BIND*} ${!SRUN_*}";

/// The script of a job array of `tasks` tasks, with its files in `folder`.
///
/// # Errors
/// A path that cannot stand in a script.
pub fn array_script(
    store: &Store,
    request: &SubmissionRequest<'_>,
    tasks: usize,
    folder: &Path,
) -> Result<String, LaunchError> {
    let slurm = request.slurm;
    let mut script = script_with_common_options(store, request, "")?;
    let limit = slurm.limit.map_or(String::new(), |limit| format!("%{limit}"));
    script.option("array", format!("0-{}{limit}", tasks.saturating_sub(1)));
    let log = TaskLog::new(folder)?;
    script.option("output", &log.output);
    script.optional("time", slurm.time.as_ref());
    script.optional("mem", slurm.memory.as_ref());
    script.option("cpus-per-task", slurm.cpus);
    script.optional("gpus", slurm.gpus.as_ref());
    // "B:" sends the signal to the batch shell only, which `exec` replaces by the program.
    script.option("signal", format!("B:USR1@{}", slurm.lead));
    script.flag("requeue");
    for option in user_options(slurm)? {
        script.user_option(&option);
    }
    // The shell ignores the signal, so that it does not end the job before the program handles it.
    script.line("trap '' USR1");
    log.redirection.into_iter().for_each(|line| script.line(line));
    script.line(UNSET);
    slurm.setup.iter().for_each(|line| script.line(line));
    script.line(format!("export RAYON_NUM_THREADS={}", slurm.cpus));
    script.line(task_command(store, request, folder)?);
    Ok(script.text())
}

/// The log of each task of an array.
struct TaskLog {
    /// The value of `--output`.
    output: String,
    /// A line of shell code that directs the output of a task into its own file.
    redirection: Option<String>,
}

impl TaskLog {
    /// `folder/I.log` for task I.
    fn new(folder: &Path) -> Result<Self, LaunchError> {
        let folder = option_text(folder)?;
        if !folder.contains('\\') {
            let output = format!("{}/%a.log", escape_pattern(folder));
            return Ok(Self { output, redirection: None });
        }
        // Slurm does not replace %a in a name with a backslash: what it has to say itself about any task
        // goes into one file.
        let output = format!("{}/slurm.log", escape_literal_name(folder));
        let prefix = quote(&format!("{folder}/"));
        let line = format!("exec >>{prefix}\"$SLURM_ARRAY_TASK_ID.log\" 2>&1");
        Ok(Self { output, redirection: Some(line) })
    }
}

/// The shell command of a task.
fn task_command(
    store: &Store,
    request: &SubmissionRequest<'_>,
    folder: &Path,
) -> Result<String, LaunchError> {
    let mut words = vec!["exec".to_owned(), quote_path(&request.program)?, "sweep".to_owned()];
    words.push(quote_path(&folder.join("config.toml"))?);
    for setting in request.overrides.iter().filter(|text| !text.starts_with("run.results=")) {
        words.extend(["--set".to_owned(), quote(setting)]);
    }
    let results = format!("run.results={}", toml_string(store.root())?);
    words.extend(["--set".to_owned(), quote(&results), "--submission".to_owned()]);
    words.push(quote_path(Path::new(folder.file_name().unwrap_or_default()))?);
    words.extend(["--task".to_owned(), "\"$SLURM_ARRAY_TASK_ID\"".to_owned()]);
    Ok(words.join(" "))
}

/// The script of the last job, which starts after the job array `array`.
///
/// # Errors
/// A path that cannot stand in a script.
pub fn gather_script(
    store: &Store,
    request: &SubmissionRequest<'_>,
    array: u64,
    folder: &Path,
) -> Result<String, LaunchError> {
    let mut script = script_with_common_options(store, request, "-gather")?;
    script.option("dependency", format!("afterany:{array}"));
    let log = format!("{}/gather.log", option_text(folder)?);
    let is_literal = log.contains('\\');
    script.option(
        "output",
        if is_literal { escape_literal_name(&log) } else { escape_pattern(&log) },
    );
    script.option("time", GATHER_MINUTES);
    // Of the options for both jobs, this one would replace that on the array.
    for option in user_options(request.slurm)?.iter().filter(|option| !option.is("dependency")) {
        script.user_option(option);
    }
    script.line(UNSET);
    request.slurm.setup.iter().for_each(|line| script.line(line));
    let (program, results) = (quote_path(&request.program)?, quote_path(store.root())?);
    script.line(format!("{program} status {results}"));
    script.line(format!("{program} plot {results}"));
    Ok(script.text())
}

fn script_with_common_options(
    store: &Store,
    request: &SubmissionRequest<'_>,
    name_suffix: &str,
) -> Result<Script, LaunchError> {
    let mut script = Script::default();
    script.option("job-name", format!("etastar-{}{name_suffix}", job_name(store)));
    script.option("chdir", option_text(&request.directory)?);
    script.option("open-mode", "append");
    script.optional("partition", request.slurm.partition.as_ref());
    script.optional("account", request.slurm.account.as_ref());
    Ok(script)
}

/// The name of the results folder without characters that have a meaning to Slurm.
fn job_name(store: &Store) -> String {
    let name = store.root().file_name().unwrap_or_default().to_string_lossy();
    let keep = |c: char| if c.is_alphanumeric() || "._-+=".contains(c) { c } else { '-' };
    name.chars().map(keep).collect()
}

fn user_options(slurm: &SlurmConfig) -> Result<Vec<SbatchOption>, LaunchError> {
    let parse = |text: &String| {
        let invalid = |expected| LaunchError::InvalidOption { option: text.clone(), expected };
        SbatchOption::parse(text).map_err(invalid)
    };
    slurm.options.iter().map(parse).collect()
}

/// A path for a `#SBATCH` line, which ends at a line break.
fn option_text(path: &Path) -> Result<&str, LaunchError> {
    match path_text(path)? {
        text if text.contains(['\n', '\r']) => {
            let reason = "it contains a line break, which no #SBATCH line can hold";
            Err(LaunchError::Path { path: path.to_owned(), reason })
        }
        text => Ok(text),
    }
}

fn path_text(path: &Path) -> Result<&str, LaunchError> {
    let reason = "it is not valid UTF-8, which scripts are written in";
    path.to_str().ok_or_else(|| LaunchError::Path { path: path.to_owned(), reason })
}

fn quote_path(path: &Path) -> Result<String, LaunchError> {
    path_text(path).map(quote)
}

/// A path as a TOML string, so that `--set` does not read it as another type of value.
fn toml_string(path: &Path) -> Result<String, LaunchError> {
    Ok(toml::Value::String(path_text(path)?.to_owned()).to_string())
}
