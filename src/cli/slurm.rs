//! `etastar sweep --launcher slurm` and its tasks.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use etastar::config::Config;
use etastar::launch::{
    self, LaunchError, PlannedTasks, Requeue, Submission, SubmissionRequest, Submitted,
    array_script,
};
use etastar::record::RunPlan;
use etastar::slurm::{allocated_cpus, cluster, ignored_variables};
use etastar::store::Store;
use etastar::sweep::{Interrupt, Outcome, SweepOptions, sweep};
use etastar::text::plural;
use serde_json::json;

use super::config_args::{ConfigArgs, sweep_options};
use super::exit;
use super::output_options::OutputOptions;
use super::run_progress;
use super::standard_output::stdout;

/// What executes the runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Launcher {
    /// This process
    Local,
    /// Tasks of a Slurm job array
    Slurm,
}

/// Arguments of `sweep` on a cluster.
#[derive(Debug, Args)]
#[command(next_help_heading = "On a Slurm cluster")]
pub struct SlurmArgs {
    /// What executes the runs
    #[arg(long, value_enum, default_value_t = Launcher::Local)]
    launcher: Launcher,
    /// Runs per task; this flag and the following ones set keys of [slurm]
    #[arg(long, value_name = "RUNS")]
    chunk: Option<String>,
    /// Largest number of tasks that run at a time
    #[arg(long, value_name = "TASKS")]
    limit: Option<String>,
    /// Partition
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
    /// Account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Time limit of a task, for example 01:30:00
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// Memory of a task, for example 2G
    #[arg(long, value_name = "SIZE")]
    memory: Option<String>,
    /// CPUs of a task
    #[arg(long, value_name = "N")]
    cpus: Option<String>,
    /// GPUs of a task
    #[arg(long, value_name = "GPUS")]
    gpus: Option<String>,
    /// Execute the runs of task I of a submission; called by the script of the job array
    #[arg(long, value_name = "I")]
    pub task: Option<usize>,
    /// Submission of --task [default: the last one]
    #[arg(long, value_name = "N", requires = "task")]
    submission: Option<u32>,
}

impl SlurmArgs {
    /// Whether the sweep is to be submitted as a job array.
    pub fn is_launcher(&self) -> bool {
        self.launcher == Launcher::Slurm
    }

    /// `config_args` with overrides of the keys that the flags stand for.
    pub fn add_overrides(&self, config_args: &ConfigArgs) -> ConfigArgs {
        let mut config_args = config_args.clone();
        for (key, value) in
            [("slurm.chunk", &self.chunk), ("slurm.limit", &self.limit), ("slurm.cpus", &self.cpus)]
        {
            value.iter().for_each(|value| config_args.set(key, value));
        }
        for (key, value) in [
            ("slurm.partition", &self.partition),
            ("slurm.account", &self.account),
            ("slurm.time", &self.time),
            ("slurm.memory", &self.memory),
            ("slurm.gpus", &self.gpus),
        ] {
            // In quotes, since a time limit looks like a TOML time of day.
            value.iter().for_each(|value| config_args.set(key, &format!("{value:?}")));
        }
        config_args
    }

    /// Sweeps the runs of task `task`, and requeues the task if its time limit was too short.
    pub fn run_task(
        &self,
        task: usize,
        config: &Config,
        plan: RunPlan,
        output: OutputOptions,
    ) -> anyhow::Result<ExitCode> {
        let interrupt = Interrupt::on_signals_of_slurm().context("cannot listen to signals")?;
        let store = Store::create(&config.run.results)?;
        let runs = self.submission(&store)?.runs(task, plan.runs.clone())?;
        let plan = plan.with_runs(runs);
        let reporter = run_progress::reporter(output);
        let options = task_options(config);
        let announce = |what: &str| output.note(what);
        let work = || sweep(&store, &plan, options, reporter.as_ref(), &interrupt);
        let (outcome, preempted) = launch::watch_for_preemption(&interrupt, &announce, work);
        let outcome = outcome?;
        drop(reporter);
        print_task(task, plan.runs.len(), &outcome, output)?;
        let requeue = match preempted {
            Requeue::NotNeeded => {
                let most = config.slurm.requeues;
                launch::requeue_at_time_limit(&outcome, &interrupt, most, &announce)
            }
            preempted => preempted,
        };
        match requeue {
            Requeue::NotNeeded | Requeue::Done => Ok(exit::of_outcome(&outcome)),
            Requeue::Refused(reason) => {
                anyhow::bail!(
                    "the task does not go back into the queue: {reason}; launch the sweep again for \
                     the runs that are left"
                )
            }
        }
    }

    fn submission(&self, store: &Store) -> Result<Submission, LaunchError> {
        let found = match self.submission {
            Some(number) => Submission::read(store, number)?,
            None => launch::submissions(store)?.pop(),
        };
        found.ok_or_else(|| LaunchError::NoSubmission {
            folder: store.root().display().to_string(),
            wanted: self.submission.map_or("yet".to_owned(), |number| number.to_string()),
        })
    }
}

/// The options of a local sweep, with as many workers as Slurm allocated CPUs.
fn task_options(config: &Config) -> SweepOptions {
    let options = sweep_options(config);
    let workers = match options.workers {
        0 => allocated_cpus().unwrap_or(config.slurm.cpus),
        workers => workers,
    };
    SweepOptions { workers, task: true, ..options }
}

fn print_task(
    task: usize,
    runs: usize,
    outcome: &Outcome,
    output: OutputOptions,
) -> anyhow::Result<()> {
    let mut out = stdout();
    let (done, claimed_by_others) = (outcome.records.len(), outcome.claimed_by_others);
    if output.json {
        let answer = json!({
            "task": task,
            "runs": runs,
            "finished": done,
            "failed": outcome.failures.len(),
            "elsewhere": claimed_by_others,
            "interrupted": outcome.interrupted,
        });
        writeln!(out, "{answer:#}")?;
    } else if !output.quiet {
        let failed = match outcome.failures.len() {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let others = match claimed_by_others {
            0 => String::new(),
            _ => format!(", {claimed_by_others} claimed by another process"),
        };
        let state = if outcome.interrupted { "interrupted" } else { "done" };
        let word = plural(runs, "run");
        writeln!(out, "task {task} {state}: {done} of {runs} {word}{failed}{others}")?;
    }
    Ok(())
}

/// A sweep to be submitted as a job array.
pub struct Launch<'a> {
    pub config_args: &'a ConfigArgs,
    pub config: &'a Config,
    pub plan: &'a RunPlan,
}

impl Launch<'_> {
    /// Submits it, or prints the script if `dry_run`.
    pub fn run(&self, dry_run: bool, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let directory = std::env::current_dir().context("cannot find the current folder")?;
        let results = directory.join(&self.config.run.results);
        // "auto" could choose another backend on a node of the cluster, which would mean other runs.
        let run = &self.config.run;
        let backend = run.backend.map(|found| format!("run.backend={}", found.name()));
        let device = (run.device > 0).then(|| format!("run.device={}", run.device));
        let analysis = (!run.analysis_backend.is_auto())
            .then(|| format!("run.analysis_backend={}", run.analysis_backend.name()));
        let resolved: Vec<String> = backend.into_iter().chain(device).chain(analysis).collect();
        let overrides = [self.config_args.overrides(), &resolved].concat();
        let request = SubmissionRequest {
            plan: self.plan,
            slurm: &self.config.slurm,
            config: self.config_args.file(),
            overrides: &overrides,
            program: std::env::current_exe().context("cannot find this program")?,
            directory,
        };
        if dry_run {
            print_script(&Store::open(&results), &request, output)?;
        } else {
            note_ignored_variables(output);
            print_submitted(&launch::submit(&results, &request)?, &results, output)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Names the variables of the environment that would set options of `sbatch`.
fn note_ignored_variables(output: OutputOptions) {
    let ignored = ignored_variables();
    if !ignored.is_empty() {
        output.note(&format!(
            "not used: {} of the environment; what a task asks for stands in [slurm]",
            ignored.join(", ")
        ));
    }
}

fn print_script(
    store: &Store,
    request: &SubmissionRequest<'_>,
    output: OutputOptions,
) -> anyhow::Result<()> {
    let planned = launch::plan_tasks(store, request)?;
    // The script can also be printed where there is no Slurm.
    if let Ok(cluster) = cluster() {
        planned.check_limit(&cluster)?;
    }
    let folder = store.root().join("slurm/N");
    let script = array_script(store, request, planned.tasks.len(), &folder)?;
    output.note(&describe(&planned));
    let mut out = stdout();
    if output.json {
        writeln!(out, "{:#}", json!({ "tasks": planned.tasks, "script": script }))?;
    } else if !planned.tasks.is_empty() {
        write!(out, "{script}")?;
    }
    Ok(())
}

fn describe(planned: &PlannedTasks) -> String {
    let (runs, tasks) = (planned.runs(), planned.tasks.len());
    let others = [(planned.finished, "finished"), (planned.busy, "queued or running")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!(", {count} {what}"))
        .collect::<String>();
    format!("{runs} {} left in {tasks} {}{others}", plural(runs, "run"), plural(tasks, "task"))
}

fn print_submitted(
    submitted: &Submitted,
    results: &Path,
    output: OutputOptions,
) -> anyhow::Result<()> {
    output.note(&describe(&submitted.planned));
    for array in &submitted.found {
        output.note(&format!(
            "job array {array} was found in the queue: an earlier launch had ended before noting it"
        ));
    }
    let mut out = stdout();
    let jobs = submitted.submission.as_ref().and_then(|submission| submission.jobs.as_ref());
    if output.json {
        let answer = json!({
            "results": results,
            "submission": submitted.submission.as_ref().map(|submission| submission.number),
            "tasks": submitted.planned.tasks.len(),
            "runs": submitted.planned.runs(),
            "finished": submitted.planned.finished,
            "busy": submitted.planned.busy,
            "jobs": jobs,
        });
        writeln!(out, "{answer:#}")?;
    } else if let (Some(jobs), Some(submission)) = (jobs, &submitted.submission) {
        let gather = jobs.gather.map_or(String::new(), |job| format!(", gathered by job {job}"));
        writeln!(out, "submitted as job array {}{gather}", jobs.array)?;
        writeln!(out, "script and logs in {}", submission.folder.display())?;
    }
    Ok(())
}
