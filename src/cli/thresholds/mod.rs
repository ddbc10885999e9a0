//! `etastar thresholds`: every threshold of a Gram matrix that any framework wrote.

mod lyapunov;
mod matrix_args;
mod missing;
mod shuffled_epochs;
mod step_sizes;
mod table;

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use etastar::gram::Gram;
use etastar::process::Sampling;
use etastar::stability::linearised::GramFactor;
use etastar::stability::solver::SolverOptions;
use etastar::stability::thresholds::{Report, Request, Stage, thresholds_on};

use serde_json::{Value, json};

use super::accelerator_args::AcceleratorArgs;
use super::exit::UsageError;
use super::optimizer_args::OptimizerArgs;
use super::output_options::OutputOptions;
use crate::cli::standard_output::stdout;
use lyapunov::Simulation;
use matrix_args::MatrixArgs;

/// Arguments of `thresholds`.
#[derive(Debug, Args)]
#[command(after_long_help = matrix_args::EXAMPLES)]
pub struct Thresholds {
    #[command(flatten)]
    matrix: MatrixArgs,
    /// Batch sizes, each from 1 to n [default: 1, 2, 4, … up to n]
    #[arg(long, value_name = "B,…", value_delimiter = ',')]
    batch_sizes: Vec<usize>,
    /// How a batch is drawn: distinct, independent or bernoulli
    #[arg(long, default_value_t = Sampling::Distinct)]
    sampling: Sampling,
    /// Relative width of the enclosure of the generalized sharpness
    #[arg(long, default_value_t = 1e-4)]
    tolerance: f64,
    /// Also compute η*_as, where the Lyapunov exponent of linearised SGD changes its sign
    #[arg(long)]
    lyapunov: bool,
    /// Also compute η*_var of shuffled epochs by simulation; --lyapunov is then of shuffled epochs
    /// too
    #[arg(long, conflicts_with = "sampling")]
    shuffle: bool,
    /// Step sizes to be judged as stable or not; with --lyapunov their exponents are computed too
    #[arg(long, value_name = "η,…", value_delimiter = ',')]
    learning_rates: Vec<f64>,
    /// ε of the batch size above which η*_var is within ε of η*_mean (Proposition 8)
    #[arg(long, default_value_t = 0.1)]
    epsilon: f64,
    #[command(flatten)]
    optimizer: OptimizerArgs,
    #[command(flatten)]
    accelerator: AcceleratorArgs,
}

impl Thresholds {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        self.check()?;
        let optimizer = self.optimizer.optimizer()?;
        let gram = self.matrix.read()?;
        let request = Request {
            batch_sizes: self.batch_sizes(gram.samples()),
            sampling: self.sampling,
            optimizer,
            options: SolverOptions { tolerance: self.tolerance, ..SolverOptions::default() },
        };
        let mut progress = |text: &str| {
            if gram.side() > PROGRESS_SIDE {
                output.note(text);
            }
        };
        let accelerator = self.accelerator.open(output)?;
        let accelerator = accelerator.as_ref().map(|device| device as _);
        let mut stages = |stage| progress(&describe(stage));
        let report = thresholds_on(accelerator, &gram, &request, &mut stages)?;
        let simulated = self.simulated(&gram, &report, &mut progress)?;
        let Simulated { epochs, lyapunov } = &simulated;
        let verdicts = step_sizes::judge(
            &self.learning_rates,
            &report,
            epochs.as_deref(),
            lyapunov.as_deref(),
        );
        let mut stdout = stdout();
        if output.json {
            let mut answer = json!(report);
            if let Some(keys) = answer.as_object_mut() {
                keys.extend(self.optimizer.to_json());
            }
            extend(&mut answer, &json!(epochs));
            extend(&mut answer, &json!(lyapunov));
            if !self.learning_rates.is_empty() {
                extend(&mut answer, &json!(verdicts));
            }
            writeln!(stdout, "{answer:#}")?;
        } else {
            write!(stdout, "{}", table::to_text(&report, self.sampling, self.epsilon))?;
            let epochs = epochs.as_deref().map(shuffled_epochs::to_text);
            let lyapunov = lyapunov.as_deref().map(|all| lyapunov::to_text(all, self.shuffle));
            let verdicts =
                (!self.learning_rates.is_empty()).then(|| step_sizes::to_text(&verdicts));
            write!(
                stdout,
                "{}",
                [epochs, lyapunov, verdicts].into_iter().flatten().collect::<String>()
            )?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The results of `--shuffle` and `--lyapunov`, which simulate the linearised process.
    fn simulated(
        &self,
        gram: &Gram,
        report: &Report,
        progress: &mut dyn FnMut(&str),
    ) -> anyhow::Result<Simulated> {
        if !self.shuffle && !self.lyapunov {
            return Ok(Simulated::default());
        }
        let factor = GramFactor::of(gram)?;
        let epochs = self.shuffle.then(|| shuffled_epochs::compute(&factor, report, progress));
        let epochs = epochs.transpose()?;
        let simulation = Simulation {
            gram,
            factor: &factor,
            learning_rates: &self.learning_rates,
            shuffle: self.shuffle,
        };
        let lyapunov = self.lyapunov.then(|| simulation.run(report, progress)).transpose()?;
        Ok(Simulated { epochs, lyapunov })
    }

    fn check(&self) -> Result<(), UsageError> {
        self.matrix.check()?;
        let fault = if !(self.epsilon > 0.0 && self.epsilon < 1.0) {
            format!("--epsilon must be between 0 and 1, found {}", self.epsilon)
        } else if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            format!("--tolerance must be between 0 and 1, found {}", self.tolerance)
        } else if let Some(rate) = self.learning_rates.iter().find(|&&rate| !positive(rate)) {
            format!("--learning-rates must be positive numbers, found {rate}")
        } else {
            return Ok(());
        };
        Err(UsageError(fault))
    }

    fn batch_sizes(&self, samples: usize) -> Vec<usize> {
        if !self.batch_sizes.is_empty() {
            return self.batch_sizes.clone();
        }
        std::iter::successors(Some(1_usize), |size| size.checked_mul(2))
            .take_while(|&size| size <= samples)
            .collect()
    }
}

/// The results of simulation, one for every threshold of the report.
#[derive(Default)]
struct Simulated {
    epochs: Option<Vec<shuffled_epochs::Found>>,
    lyapunov: Option<Vec<lyapunov::Found>>,
}

/// Adds the fields of `found`, one object for every threshold, to the thresholds of `report`.
fn extend(report: &mut Value, found: &Value) {
    let entries = report["thresholds"].as_array_mut().into_iter().flatten();
    for (entry, found) in entries.zip(found.as_array().into_iter().flatten()) {
        if let (Some(entry), Value::Object(more)) = (entry.as_object_mut(), found) {
            entry.extend(more.clone());
        }
    }
}

fn positive(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

/// Matrices with a larger side take long enough for notes on the progress.
const PROGRESS_SIDE: usize = 1500;

fn describe(stage: Stage) -> String {
    match stage {
        Stage::Spectrum => "eigendecomposition done".to_owned(),
        Stage::BatchSize(size) => format!("B = {size} done"),
        Stage::Bounds => "bounds done".to_owned(),
    }
}
