//! Progress of runs: bars with the remaining time on a terminal, plain lines otherwise.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use etastar::config::{OptimizerKeys, RunSpec, Schedule};
use etastar::record::{Estimate, Record, Run};
use etastar::sweep::{Event, Reporter};
use etastar::text::{duration, number, optional, plural, wrap};
use etastar::train::{Progress, StopReason};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::output_options::{OutputOptions, TERMINAL_WIDTH, can_redraw, print_error_line};

/// The reporter of a sweep for these output options and this standard error.
pub fn reporter(output: OutputOptions) -> Box<dyn Reporter> {
    if output.quiet {
        Box::new(ErrorReporter)
    } else {
        Box::new(ProgressReporter::new(can_redraw()))
    }
}

/// Prints errors only.
struct ErrorReporter;

impl Reporter for ErrorReporter {
    fn report(&self, event: &Event<'_>) {
        error_line(event).iter().for_each(|text| print_error_line(text));
    }
}

/// Least time between two updates of a bar.
const BAR_INTERVAL: Duration = Duration::from_millis(100);
/// Least time between two plain lines on the same worker.
const LINE_INTERVAL: Duration = Duration::from_secs(30);

struct ProgressReporter {
    terminal: bool,
    bars: MultiProgress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    total: Option<ProgressBar>,
    workers: Vec<Worker>,
    /// Number of unfinished runs of each batch size.
    unfinished: BTreeMap<usize, usize>,
    estimate: Estimate,
    done: usize,
    planned: usize,
}

struct Worker {
    bar: ProgressBar,
    updated: Instant,
}

impl ProgressReporter {
    fn new(terminal: bool) -> Self {
        Self { terminal, bars: MultiProgress::new(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, runs: &[Run], finished: usize, workers: usize, row_device: Option<&str>) {
        let mut state = self.state();
        state.planned = runs.len();
        for run in runs {
            *state.unfinished.entry(run.spec.train.batch_size).or_default() += 1;
        }
        let found = if finished > 0 {
            format!(", {finished} of them finished earlier")
        } else {
            String::new()
        };
        let side = match row_device {
            Some(device) => format!(", trained together on {device}"),
            None if workers > 1 => format!(", {workers} side by side"),
            None => String::new(),
        };
        self.print_line(&format!("{} {}{found}{side}", runs.len(), plural(runs.len(), "run")));
        let style = |template| {
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
        };
        for _ in 0..if self.terminal { workers } else { 0 } {
            let bar =
                self.bars.add(ProgressBar::new_spinner().with_style(style("{spinner} {wide_msg}")));
            state.workers.push(Worker { bar, updated: Instant::now() });
        }
        if self.terminal {
            let bar = ProgressBar::new(runs.len() as u64);
            let bar = bar.with_style(
                style("[{bar:30}] {pos}/{len} runs, {elapsed} so far{msg}").progress_chars("=> "),
            );
            state.total = Some(self.bars.add(bar));
        } else {
            let now = Instant::now();
            state
                .workers
                .extend((0..workers).map(|_| Worker { bar: ProgressBar::hidden(), updated: now }));
        }
    }

    fn training(&self, worker: usize, text: impl FnOnce() -> String) {
        let mut state = self.state();
        let Some(worker) = state.workers.get_mut(worker) else {
            return;
        };
        let interval = if self.terminal { BAR_INTERVAL } else { LINE_INTERVAL };
        if worker.updated.elapsed() < interval {
            return;
        }
        worker.updated = Instant::now();
        let text = text();
        if self.terminal {
            worker.bar.set_message(text);
            worker.bar.tick();
        } else {
            self.print_line(&fitted(text));
        }
        if let Some(total) = &state.total {
            total.tick();
        }
    }

    fn message(&self, worker: usize, text: String) {
        if let Some(worker) = self.state().workers.get(worker) {
            worker.bar.set_message(text);
            worker.bar.tick();
        }
    }

    fn finished(&self, record: &Record, earlier: bool) {
        let mut state = self.state();
        let batch_size = record.spec.train.batch_size;
        if let Some(count) = state.unfinished.get_mut(&batch_size) {
            *count = count.saturating_sub(1);
        }
        state.estimate.add(batch_size, record.train_seconds + record.analysis_seconds);
        state.done += 1;
        if !earlier {
            let width = state.planned.to_string().len();
            let (done, planned) = (state.done, state.planned);
            self.print_line(&fitted(format!("{done:>width$}/{planned} {}", outcome(record))));
        }
        let workers = state.workers.len().max(1) as f64;
        let to_go = state.estimate.seconds(&state.unfinished).map(|work| work / workers);
        if let Some(total) = &state.total {
            total.inc(1);
            total.set_message(
                to_go.filter(|_| state.done < state.planned).map_or(String::new(), |seconds| {
                    format!(", about {} to go", duration(seconds))
                }),
            );
        }
    }

    fn print_line(&self, text: &str) {
        if self.terminal {
            // Fails only if standard error is closed, where the failure could not be printed either.
            let _ = self.bars.println(text);
        } else {
            print_error_line(text);
        }
    }
}

impl Reporter for ProgressReporter {
    fn report(&self, event: &Event<'_>) {
        match event {
            Event::Planned { runs, finished, workers, row_device } => {
                self.begin(runs, *finished, *workers, *row_device);
            }
            Event::Started { worker, spec } => self.message(*worker, name(spec)),
            Event::Training { worker, spec, progress } => {
                self.training(*worker, || format!("{}  {}", name(spec), stage(spec, progress)));
            }
            Event::TrainingRow { worker, batch_size, runs, epochs } => {
                self.training(*worker, || row(*batch_size, *runs, *epochs));
            }
            Event::Analysing { worker, spec } => {
                self.message(*worker, format!("{}  measuring the minimum", name(spec)));
            }
            Event::Finished { record, earlier } => self.finished(record, *earlier),
            Event::Failed { .. } | Event::CheckpointSetAside { .. } => {
                error_line(event).iter().for_each(|text| self.print_line(text));
            }
            Event::Note { text } => self.print_line(text),
            Event::ClaimedByOther { worker, spec } => {
                self.message(*worker, format!("{}  is being run by another process", name(spec)));
            }
        }
    }
}

impl Drop for ProgressReporter {
    fn drop(&mut self) {
        let state = self.state();
        state.workers.iter().for_each(|worker| worker.bar.finish_and_clear());
        state.total.iter().for_each(ProgressBar::finish_and_clear);
    }
}

/// The line on an event that is printed even if quiet.
fn error_line(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Failed { spec, id, reason, .. } => {
            Some(format!("failed: {} (run {id}): {reason}", name(spec)))
        }
        Event::CheckpointSetAside { spec, to, fault } => Some(format!(
            "{}  begins anew: its saved state is unusable ({fault}); kept as {}",
            name(spec),
            to.display()
        )),
        _ => None,
    }
}

/// A line that fits a terminal, in several if it is longer.
fn fitted(line: String) -> String {
    let fits = line.chars().count() <= TERMINAL_WIDTH;
    if fits { line } else { wrap(line.trim(), TERMINAL_WIDTH, 4) }
}

/// "η = 0.0433  B = 4", and "m = 0.9" after it.
fn name(spec: &RunSpec) -> String {
    let Schedule { learning_rate, batch_size, optimizer, .. } = &spec.train;
    let name = format!("η = {:<8} B = {batch_size:<3}", number(*learning_rate));
    let words = settings(*optimizer);
    if words.is_empty() { name } else { format!("{name}  {words} ") }
}

/// "Nesterov m = 0.9, w = 0.001"; nothing for plain SGD.
fn settings(keys: OptimizerKeys) -> String {
    let OptimizerKeys { momentum, nesterov, weight_decay, decoupled } = keys;
    let step = if nesterov { "Nesterov " } else { "" };
    let decay = if decoupled { "decoupled " } else { "" };
    let momentum = (momentum > 0.0).then(|| format!("{step}m = {momentum}"));
    let weight_decay = (weight_decay > 0.0).then(|| format!("{decay}w = {weight_decay}"));
    momentum.into_iter().chain(weight_decay).collect::<Vec<_>>().join(", ")
}

/// "B = 4     24 runs at once, epochs 310 to 322".
fn row(batch_size: usize, runs: usize, (first, last): (u64, u64)) -> String {
    let together = if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs at once") };
    let epochs =
        if first == last { format!("epoch {last}") } else { format!("epochs {first} to {last}") };
    format!("B = {batch_size:<4}  {together}, {epochs}")
}

fn stage(spec: &RunSpec, progress: &Progress) -> String {
    let warmup = spec.train.warmup.epochs;
    let stage = if progress.epoch < warmup {
        format!("warm-up {}/{warmup}", progress.epoch)
    } else if progress.streak > 0 {
        format!("converged for {}/{} epochs", progress.streak, spec.train.patience)
    } else {
        "training".to_owned()
    };
    format!("epoch {:<6} loss {:.2e}  {stage}", progress.epoch, progress.running_loss)
}

fn outcome(record: &Record) -> String {
    let verb = record.stop_reason.description();
    let sharpness = record.analysis.as_ref().map_or(String::new(), |analysis| {
        let schedule = &record.spec.train;
        let (optimizer, found) = (schedule.optimizer(), optional(analysis.sharpness_gn));
        if optimizer.is_plain() {
            let edge = optimizer.rule().edge(schedule.learning_rate);
            return format!("  λ_max {found}, 2/η {}", number(edge));
        }
        // λ_max has another edge than 2/η, and the line is long.
        format!("  λ_max {found}")
    });
    let seconds = duration(record.train_seconds + record.analysis_seconds);
    let dead = dead_samples(record);
    format!(
        "{} {verb}, {} {}, {seconds}{sharpness}{dead}",
        name(&record.spec),
        record.epochs,
        plural(record.epochs as usize, "epoch")
    )
}

/// Why a run that went on to the last epoch may never have converged.
fn dead_samples(record: &Record) -> String {
    let dead = record.analysis.as_ref().and_then(|analysis| analysis.dead_samples).unwrap_or(0);
    if record.stop_reason == StopReason::MaxEpochs && dead > 0 {
        format!("  {dead} dead {}", plural(dead, "sample"))
    } else {
        String::new()
    }
}
