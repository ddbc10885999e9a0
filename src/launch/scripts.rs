//! The batch scripts of a submission.

use std::path::Path;

use super::request::SubmissionRequest;
use crate::config::SlurmConfig;
use crate::slurm::{Script, quote};
use crate::store::Store;

/// Time limit of the last job in minutes. Writing the summary and drawing the figures takes seconds.
const GATHER_MINUTES: u32 = 20;

/// The script of a job array of `tasks` tasks, with its files in `folder`.
pub fn array_script(
    store: &Store,
    request: &SubmissionRequest<'_>,
    tasks: usize,
    folder: &Path,
) -> String {
    let slurm = request.slurm;
    let mut script = script_with_common_options(store, request, "");
    let limit = slurm.limit.map_or(String::new(), |limit| format!("%{limit}"));
    script.option("array", format!("0-{}{limit}", tasks.saturating_sub(1)));
    script.option("output", folder.join("%a.log").display());
    script.optional("time", slurm.time.as_ref());
    script.optional("mem", slurm.memory.as_ref());
    script.option("cpus-per-task", slurm.cpus);
    script.optional("gpus", slurm.gpus.as_ref());
    // "B:" sends the signal to the batch shell only, which `exec` replaces by the program.
    script.option("signal", format!("B:USR1@{}", slurm.lead));
    script.raw_option("--requeue");
    // The shell ignores the signal, so that it does not end the job before the program handles it.
    script.line("trap '' USR1");
    add_user_options(&mut script, slurm);
    script.line(format!("export RAYON_NUM_THREADS={}", slurm.cpus));
    script.line(task_command(store, request, folder));
    script.text()
}

/// The shell command of a task.
fn task_command(store: &Store, request: &SubmissionRequest<'_>, folder: &Path) -> String {
    let mut words = vec!["exec".to_owned(), quote_path(&request.program), "sweep".to_owned()];
    words.push(quote_path(&folder.join("config.toml")));
    for setting in request.overrides.iter().filter(|text| !text.starts_with("run.results=")) {
        words.extend(["--set".to_owned(), quote(setting)]);
    }
    let results = format!("run.results={}", toml_string(store.root()));
    words.extend(["--set".to_owned(), quote(&results), "--submission".to_owned()]);
    words.push(quote_path(Path::new(folder.file_name().unwrap_or_default())));
    words.extend(["--task".to_owned(), "\"$SLURM_ARRAY_TASK_ID\"".to_owned()]);
    words.join(" ")
}

/// The script of the last job, which starts after the job array `array`.
pub fn gather_script(
    store: &Store,
    request: &SubmissionRequest<'_>,
    array: u64,
    folder: &Path,
) -> String {
    let mut script = script_with_common_options(store, request, "-gather");
    script.option("dependency", format!("afterany:{array}"));
    script.option("output", folder.join("gather.log").display());
    script.option("time", GATHER_MINUTES);
    add_user_options(&mut script, request.slurm);
    let (program, results) = (quote_path(&request.program), quote_path(store.root()));
    script.line(format!("{program} status {results}"));
    script.line(format!("{program} plot {results}"));
    script.text()
}

fn script_with_common_options(
    store: &Store,
    request: &SubmissionRequest<'_>,
    name_suffix: &str,
) -> Script {
    let name = store.root().file_name().unwrap_or_default().to_string_lossy();
    let mut script = Script::default();
    script.option("job-name", format!("etastar-{}{name_suffix}", name.replace(' ', "-")));
    script.option("chdir", request.directory.display());
    script.option("open-mode", "append");
    script.optional("partition", request.slurm.partition.as_ref());
    script.optional("account", request.slurm.account.as_ref());
    script
}

/// Adds the options and the lines of shell code from the configuration.
fn add_user_options(script: &mut Script, slurm: &SlurmConfig) {
    slurm.options.iter().for_each(|option| script.raw_option(option));
    slurm.setup.iter().for_each(|line| script.line(line));
}

fn quote_path(path: &Path) -> String {
    quote(&path.display().to_string())
}

/// A path as a TOML string, so that `--set` does not read it as another type of value.
fn toml_string(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}
