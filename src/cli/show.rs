//! Progress of runs: bars with time to go on a terminal, plain lines otherwise.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use etastar::config::RunSpec;
use etastar::record::{Estimate, Record};
use etastar::sweep::{Event, Reporter};
use etastar::train::{Progress, StopReason};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::format::{duration, number};

/// Prints a line on standard error. Where that is gone or full, there is nobody to tell.
pub fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What the user asked to see.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub json: bool,
    pub quiet: bool,
}

impl Style {
    /// The reporter that fits the style and standard error.
    pub fn reporter(self) -> Box<dyn Reporter> {
        if self.quiet {
            Box::new(Quiet)
        } else {
            Box::new(Display::new(std::io::stderr().is_terminal()))
        }
    }

    /// Prints a note on standard error, unless quiet.
    pub fn note(self, text: &str) {
        if !self.quiet {
            tell(text);
        }
    }
}

/// Says only what went wrong.
struct Quiet;

impl Reporter for Quiet {
    fn report(&self, event: &Event<'_>) {
        trouble(event).iter().for_each(|text| tell(text));
    }
}

/// Between two refreshes of a bar.
const REFRESH: Duration = Duration::from_millis(100);
/// Between two plain lines about a run that goes on.
const PLAIN: Duration = Duration::from_secs(30);

struct Display {
    terminal: bool,
    bars: MultiProgress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    total: Option<ProgressBar>,
    workers: Vec<Worker>,
    /// How many runs of each batch size are not finished.
    left: BTreeMap<usize, usize>,
    estimate: Estimate,
    done: usize,
    planned: usize,
}

struct Worker {
    bar: ProgressBar,
    shown: Instant,
}

impl Display {
    fn new(terminal: bool) -> Self {
        Self { terminal, bars: MultiProgress::new(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, specs: &[RunSpec], finished: usize, workers: usize, row_device: Option<&str>) {
        let mut state = self.state();
        state.planned = specs.len();
        for spec in specs {
            *state.left.entry(spec.train.batch_size).or_default() += 1;
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
        self.line(&format!("{} {}{found}{side}", specs.len(), plural(specs.len(), "run")));
        let style = |template| {
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
        };
        for _ in 0..if self.terminal { workers } else { 0 } {
            let bar =
                self.bars.add(ProgressBar::new_spinner().with_style(style("{spinner} {wide_msg}")));
            state.workers.push(Worker { bar, shown: Instant::now() });
        }
        if self.terminal {
            let bar = ProgressBar::new(specs.len() as u64);
            let bar = bar.with_style(
                style("[{bar:30}] {pos}/{len} runs, {elapsed} so far{msg}").progress_chars("=> "),
            );
            state.total = Some(self.bars.add(bar));
        } else {
            let now = Instant::now();
            state
                .workers
                .extend((0..workers).map(|_| Worker { bar: ProgressBar::hidden(), shown: now }));
        }
    }

    fn training(&self, worker: usize, text: impl FnOnce() -> String) {
        let mut state = self.state();
        let Some(worker) = state.workers.get_mut(worker) else {
            return;
        };
        let interval = if self.terminal { REFRESH } else { PLAIN };
        if worker.shown.elapsed() < interval {
            return;
        }
        worker.shown = Instant::now();
        let text = text();
        if self.terminal {
            worker.bar.set_message(text);
            worker.bar.tick();
        } else {
            self.line(&text);
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
        if let Some(left) = state.left.get_mut(&batch_size) {
            *left = left.saturating_sub(1);
        }
        state.estimate.add(batch_size, record.train_seconds + record.analysis_seconds);
        state.done += 1;
        if !earlier {
            let width = state.planned.to_string().len();
            self.line(&format!("{:>width$}/{}  {}", state.done, state.planned, outcome(record)));
        }
        let workers = state.workers.len().max(1) as f64;
        let to_go = state.estimate.seconds(&state.left).map(|work| work / workers);
        if let Some(total) = &state.total {
            total.inc(1);
            total.set_message(
                to_go.filter(|_| state.done < state.planned).map_or(String::new(), |seconds| {
                    format!(", about {} to go", duration(seconds))
                }),
            );
        }
    }

    fn line(&self, text: &str) {
        if self.terminal {
            // Fails only if standard error is gone, and then there is nobody to tell.
            let _ = self.bars.println(text);
        } else {
            tell(text);
        }
    }
}

impl Reporter for Display {
    fn report(&self, event: &Event<'_>) {
        match event {
            Event::Planned { specs, finished, workers, row_device } => {
                self.begin(specs, *finished, *workers, *row_device);
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
                trouble(event).iter().for_each(|text| self.line(text));
            }
            Event::Note { text } => self.line(text),
            Event::ClaimedByOther { worker, spec } => {
                self.message(*worker, format!("{}  is being run by another process", name(spec)));
            }
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let state = self.state();
        state.workers.iter().for_each(|worker| worker.bar.finish_and_clear());
        state.total.iter().for_each(ProgressBar::finish_and_clear);
    }
}

/// What everybody has to know.
fn trouble(event: &Event<'_>) -> Option<String> {
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

/// "η = 0.0433  B = 4".
fn name(spec: &RunSpec) -> String {
    format!("η = {:<8}  B = {:<4}", number(spec.train.learning_rate), spec.train.batch_size)
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
    let verb = match record.stop_reason {
        StopReason::Converged => "converged",
        StopReason::MaxEpochs => "not converged",
        StopReason::Diverged => "diverged",
    };
    let sharpness = record.analysis.as_ref().map_or(String::new(), |analysis| {
        let edge = 2.0 / record.spec.train.learning_rate;
        format!("  λ_max {} of {}", number(analysis.sharpness_gn), number(edge))
    });
    let seconds = duration(record.train_seconds + record.analysis_seconds);
    let dead = dead_samples(record);
    format!("{}  {verb}, {} epochs, {seconds}{sharpness}{dead}", name(&record.spec), record.epochs)
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

/// "run" or "runs".
pub fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}
