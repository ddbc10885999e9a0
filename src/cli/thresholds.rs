//! `etastar thresholds`: every threshold of a Gram matrix that any framework wrote.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use etastar::gram::Gram;
use etastar::gram::npy::read_gram;
use etastar::memory::check_thresholds;
use etastar::optimizer::Optimizer;
use etastar::process::Sampling;
use etastar::stability::linearised::GramFactor;
use etastar::stability::solver::noise::sufficient_batch_size;
use etastar::stability::solver::{SolverOptions, Status};
use etastar::stability::thresholds::{Report, Request, Stage, Threshold, thresholds_on};

use serde_json::{Value, json};

use super::accelerator::Accelerator;
use super::almost_sure::{self, AlmostSure};
use super::exit::UsageError;
use super::format::{headed, number};
use super::show::Style;
use super::shuffled;

/// Arguments of `thresholds`.
#[derive(Debug, Args)]
pub struct Thresholds {
    /// NumPy file of the Gram matrix G = A Aᵀ, H_i = A_iᵀA_i: float64 or float32, side n·Q,
    /// samples in blocks of Q rows
    #[arg(value_name = "GRAM.npy")]
    gram: PathBuf,
    /// Q, the number of outputs per sample
    #[arg(long, value_name = "Q")]
    outputs: usize,
    /// Multiply the matrix: 2c turns an empirical neural tangent kernel into G
    #[arg(long, value_name = "F", default_value_t = 1.0)]
    kernel_factor: f64,
    /// Batch sizes, each from 1 to n [default: 1, 2, 4, … up to n]
    #[arg(long, value_name = "B,…", value_delimiter = ',')]
    batch_sizes: Vec<usize>,
    /// How a batch is drawn: distinct, independent or bernoulli
    #[arg(long, default_value_t = Sampling::Distinct)]
    sampling: Sampling,
    /// Relative width of the enclosure of the generalized sharpness
    #[arg(long, default_value_t = 1e-4)]
    tolerance: f64,
    /// Also η*_as, where the Lyapunov exponent of linearised SGD changes its sign
    #[arg(long)]
    lyapunov: bool,
    /// Also η*_var with batches drawn by shuffling every epoch, not independently of one another,
    /// by simulation; --lyapunov is of them then
    #[arg(long, conflicts_with = "sampling")]
    shuffle: bool,
    /// Step sizes at which to give the Lyapunov exponent
    #[arg(long, value_name = "η,…", value_delimiter = ',', requires = "lyapunov")]
    learning_rates: Vec<f64>,
    /// ε of the batch size above which η*_var is within ε of η*_mean (Proposition 8)
    #[arg(long, default_value_t = 0.1)]
    epsilon: f64,
    #[command(flatten)]
    accelerator: Accelerator,
}

impl Thresholds {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        self.check()?;
        let gram = read_gram(&self.gram, self.outputs, self.kernel_factor)?;
        check_thresholds(gram.side())?;
        let request = Request {
            batch_sizes: self.batch_sizes(gram.samples()),
            sampling: self.sampling,
            optimizer: Optimizer::default(),
            options: SolverOptions { tolerance: self.tolerance, ..SolverOptions::default() },
        };
        let mut progress = |text: &str| {
            if gram.side() > NOTICEABLE {
                style.note(text);
            }
        };
        let accelerator = self.accelerator.open(style)?;
        let accelerator = accelerator.as_ref().map(|device| device as _);
        let mut stages = |stage| progress(&describe(stage));
        let report = thresholds_on(accelerator, &gram, &request, &mut stages)?;
        let simulated = self.simulated(&gram, &report, &mut progress)?;
        let mut out = std::io::stdout().lock();
        if style.json {
            let mut answer = json!(report);
            extend(&mut answer, &json!(simulated.epochs));
            extend(&mut answer, &json!(simulated.almost_sure));
            writeln!(out, "{answer:#}")?;
        } else {
            write!(out, "{}", self.page(&report))?;
            let epochs = simulated.epochs.as_deref().map(shuffled::page);
            let almost_sure = simulated.almost_sure.as_deref().map(almost_sure::page);
            write!(out, "{}", [epochs, almost_sure].into_iter().flatten().collect::<String>())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What needs simulation of the linearised process, where it is asked for.
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
        let asked = AlmostSure {
            gram,
            factor: &factor,
            learning_rates: &self.learning_rates,
            shuffle: self.shuffle,
        };
        let epochs = self.shuffle.then(|| shuffled::answers(&factor, report, progress));
        let epochs = epochs.transpose()?;
        let almost_sure = self.lyapunov.then(|| asked.answers(report, progress)).transpose()?;
        Ok(Simulated { epochs, almost_sure })
    }

    fn check(&self) -> Result<(), UsageError> {
        let fault = if !positive(self.kernel_factor) {
            format!("--kernel-factor must be a positive number, found {}", self.kernel_factor)
        } else if !(self.epsilon > 0.0 && self.epsilon < 1.0) {
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

    fn page(&self, report: &Report) -> String {
        let facts = [
            ("samples × outputs", format!("{} × {}", report.samples, report.outputs)),
            ("rank", report.rank.to_string()),
            ("sharpness λ_max(H)", number(report.sharpness)),
            ("trace of H", number(report.trace)),
            ("coherence σ", number(report.coherence)),
            ("noise sharpness λ_max(C†E)", number(report.noise_sharpness)),
            ("η*_mean = 2/λ_max(H)", number(2.0 / report.sharpness)),
        ];
        let mut page = String::new();
        for (name, value) in facts {
            page += &format!("{name:<27} {value:>12}\n");
        }
        if report.uncertain_rank > 0 {
            page += &format!(
                "{} of the {} eigenvalues may be rounding; their part in rank and one step too: save \
                 float64\n",
                report.uncertain_rank, report.rank
            );
        }
        let (noise, sharpness) = (report.noise_sharpness, report.sharpness);
        // Proposition 8 is about batches of distinct samples.
        let distinct = self.sampling.is_without_replacement();
        if let Some(near) = sufficient_batch_size(noise, sharpness, self.epsilon, report.samples)
            .filter(|_| distinct)
        {
            let share = 1.0 - self.epsilon;
            page += &format!("η*_var ≥ {share} η*_mean for every batch size ≥ {near}\n");
        }
        page.push('\n');
        let header =
            ["B", "η*_var", "generalized sharpness", "(17)", "(27)", "one step", "rank", "Dexter"];
        page + &headed(header, report.thresholds.iter().map(row))
    }
}

/// The answers of simulation, one for every threshold.
#[derive(Default)]
struct Simulated {
    epochs: Option<Vec<shuffled::Answer>>,
    almost_sure: Option<Vec<almost_sure::Answer>>,
}

/// Adds the fields of `answers`, one object for every threshold, to those of `report`.
fn extend(report: &mut Value, answers: &Value) {
    let entries = report["thresholds"].as_array_mut().into_iter().flatten();
    for (entry, answer) in entries.zip(answers.as_array().into_iter().flatten()) {
        if let (Some(entry), Value::Object(more)) = (entry.as_object_mut(), answer) {
            entry.extend(more.clone());
        }
    }
}

fn positive(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

/// Side from which the stages take long enough to be told of.
const NOTICEABLE: usize = 1500;

fn describe(stage: Stage) -> String {
    match stage {
        Stage::Spectrum => "eigendecomposition done".to_owned(),
        Stage::BatchSize(size) => format!("B = {size} done"),
        Stage::Bounds => "bounds done".to_owned(),
    }
}

fn row(found: &Threshold) -> Vec<String> {
    let enclosure = found.generalized_sharpness;
    let mark = if found.status == Status::Converged { "" } else { " (wide)" };
    let half = enclosure.relative_width() / 2.0;
    vec![
        found.batch_size.to_string(),
        number(found.eta_var),
        format!("{} ± {half:.0e}{mark}", number(enclosure.value)),
        number(found.bound_17),
        number(found.bound_27),
        number(found.one_step_upper),
        number(found.effective_rank),
        number(found.dexter_bound),
    ]
}
