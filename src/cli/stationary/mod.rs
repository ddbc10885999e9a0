//! `etastar stationary`: the stationary state of SGD around a minimum that does not interpolate.

mod table;

use std::process::ExitCode;

use clap::Args;
use etastar::figures::draw_stationary;
use etastar::loss::Loss;
use etastar::process::{BatchSampling, Sampling};
use etastar::stationary::{
    Expansion, PARAMETERS, Point, Request, Row, StationaryError, StationaryPoint, descend,
};
use etastar::text::number;
use serde_json::{Value, json};

use super::exit::UsageError;
use super::minimum_args::Minimum;
use super::minimum_experiment::{self, ExperimentArgs, MinimumExperiment, SavedMinimumArgs};
use super::output_files::Draw;
use super::output_options::OutputOptions;

/// Smaller step sizes, in units of η*_var, do not change weights in single precision within any
/// number of steps.
const LEAST_FRACTION: f64 = 1e-6;
/// Default batch sizes; those above the number of samples are left out.
const BATCH_SIZES: [usize; 3] = [1, 4, 16];

/// Arguments of `stationary`.
#[derive(Debug, Args)]
pub struct Stationary {
    #[command(flatten)]
    minimum: SavedMinimumArgs,
    /// B, one or several [default: those of 1, 4 and 16 that the data allow]
    #[arg(long, value_delimiter = ',')]
    batch_sizes: Option<Vec<usize>>,
    /// Step sizes, in units of η*_var for each batch size
    #[arg(long, value_delimiter = ',', default_values_t = [0.01, 0.03, 0.1, 0.3])]
    fractions: Vec<f64>,
    /// Steps of each chain; averages begin after half of them
    #[arg(long, default_value_t = 100_000)]
    steps: u64,
    /// Independent chains at every step size
    #[arg(long, default_value_t = 8)]
    chains: u64,
    /// Draw batches by shuffling every epoch, not independently of one another
    #[arg(long)]
    shuffle: bool,
    #[command(flatten)]
    experiment: ExperimentArgs,
}

/// The minimum, the expansion there, and the measurements around it.
pub struct Results {
    minimum: StationaryPoint,
    expansion: Expansion,
    rows: Vec<Row>,
}

impl Stationary {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        minimum_experiment::run(self, output)
    }

    fn sampling(&self) -> BatchSampling {
        BatchSampling::shuffled(self.shuffle)
    }

    /// Every batch size at every step size.
    fn points(
        &self,
        expansion: &Expansion,
        batch_sizes: &[usize],
    ) -> Result<Vec<Point>, StationaryError> {
        let mut points = Vec::new();
        for &batch_size in batch_sizes {
            let eta_var = expansion.eta_var(batch_size)?;
            let point = |part: &f64| Point { batch_size, learning_rate: part * eta_var, eta_var };
            points.extend(self.fractions.iter().map(point));
        }
        Ok(points)
    }
}

impl MinimumExperiment for Stationary {
    const NAME: &'static str = "stationary";
    const DRAW: Draw = draw_stationary;
    type Plan<'m> = (&'m Minimum, Vec<usize>);
    type Results = Results;

    fn saved_minimum(&self) -> &SavedMinimumArgs {
        &self.minimum
    }

    fn args(&self) -> &ExperimentArgs {
        &self.experiment
    }

    fn check(&self) -> Result<(), UsageError> {
        let sensible = |part: &f64| (LEAST_FRACTION..1.0).contains(part);
        let fault = if self.chains < 2 {
            "--chains must be at least 2, for an error of their mean"
        } else if self.steps == 0 {
            "--steps must be at least 1"
        } else if !self.fractions.iter().all(sensible) {
            "--fractions must be below 1, where SGD stops being stable, and at least 1e-6, below \
             which it does not move"
        } else {
            return Ok(());
        };
        Err(UsageError(fault.to_owned()))
    }

    /// The minimum and the batch sizes.
    fn plan<'m>(&self, minimum: &'m Minimum) -> anyhow::Result<Self::Plan<'m>> {
        let found = minimum.weights.widths().parameters();
        if found > PARAMETERS {
            return Err(StationaryError::Size { found }.into());
        }
        let samples = minimum.data.samples;
        let defaults = || BATCH_SIZES.into_iter().filter(|&size| size <= samples).collect();
        let batch_sizes = self.batch_sizes.clone().unwrap_or_else(defaults);
        for &batch_size in &batch_sizes {
            Sampling::Distinct.coefficients(samples, batch_size).map_err(StationaryError::from)?;
        }
        Ok((minimum, batch_sizes))
    }

    fn measure(
        &self,
        (saved, batch_sizes): &Self::Plan<'_>,
        output: OutputOptions,
    ) -> anyhow::Result<Results> {
        output.note("the Hessians of all samples at the minimum …");
        let (data, loss) = (&saved.data, Loss::from(&saved.spec.loss));
        let optimizer = saved.spec.train.optimizer();
        let minimum = descend(&saved.weights, data, loss, optimizer.rule().penalty())?;
        let expansion = Expansion::at(&minimum.weights, data, loss, optimizer)?;
        let points = self.points(&expansion, batch_sizes)?;
        let request = Request {
            data,
            loss,
            sampling: self.sampling(),
            optimizer,
            steps: self.steps,
            chains: self.chains,
            seed: self.experiment.seed,
        };
        let rows = output.with_progress_bar(points.len() as u64, |bar| {
            request.run(&minimum, &expansion, &points, &|| bar.inc(1))
        })?;
        Ok(Results { minimum, expansion, rows })
    }

    fn to_csv(&self, results: &Results) -> anyhow::Result<Vec<u8>> {
        table::to_csv(&results.rows, self.sampling().name())
    }

    fn to_json(&self, results: &Results) -> Value {
        json!({
            "loss": results.minimum.loss,
            "gradient_norm": results.minimum.gradient_norm,
            "sharpness": results.minimum.sharpness,
            "rank": results.expansion.rank(),
            "noise_in_null_space": results.expansion.noise_in_null_space(),
            "points": results.rows,
        })
    }

    fn to_text(&self, results: &Results) -> String {
        let Results { minimum, expansion, rows } = results;
        format!(
            "loss at the minimum    {}\n\
             ‖gradient‖ there       {:.1e}\n\
             sharpness, true H      {}\n\
             rank of H              {}\n\
             noise in its null space {:.1e} of the whole\n\n{}",
            number(minimum.loss),
            minimum.gradient_norm,
            number(minimum.sharpness),
            expansion.rank(),
            expansion.noise_in_null_space(),
            table::to_text(rows),
        )
    }
}
