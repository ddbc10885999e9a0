//! The thresholds that a probe is made around.

use etastar::config::logspace;
use etastar::curvature::{Pass, gram};
use etastar::optimizer::Optimizer;
use etastar::probe::Probe;
use etastar::process::Sampling;
use etastar::stability::almost_sure::{AlmostSureThreshold, ExponentOptions, LinearisedSgd};
use etastar::stability::linearised::GramFactor;
use etastar::stability::simulated_mean_square::{SimulatedThreshold, eta_var_of_epochs};
use etastar::stability::solver::SolverOptions;
use etastar::stability::thresholds::{Request, thresholds};
use faer::Par;

/// Where the linearised process stops being stable.
#[derive(Debug, Clone, Copy)]
pub struct Edges {
    /// Of independent batches.
    pub eta_var: f64,
    /// Of shuffled epochs, where they are what is followed.
    pub eta_var_epoch: Option<SimulatedThreshold>,
    pub eta_as: Option<AlmostSureThreshold>,
    /// Of the minimum itself.
    pub loss: f64,
}

impl Edges {
    /// The edges of the process that `probe` follows; η*_var of independent batches too where it has
    /// another.
    pub fn of(probe: &Probe<'_>) -> anyhow::Result<Self> {
        let Probe { weights, data, loss, batches, .. } = *probe;
        let batch_size = batches.batch_size;
        let pass = Pass::new(weights, data, loss, Par::rayon(0));
        let gram = gram(&pass)?;
        let options = SolverOptions::default();
        let request = Request {
            batch_sizes: vec![batch_size],
            sampling: Sampling::Distinct,
            optimizer: Optimizer::default(),
            options,
        };
        let report = thresholds(&gram, &request, &mut |_| ())?;
        let found = &report.thresholds[0];
        let process = batches.process(gram.samples())?;
        let (factor, decay) = (GramFactor::of(&gram)?, report.decay(found));
        let options = ExponentOptions::default();
        let shuffled = process.is_shuffled();
        let process = process.with_independent_batches();
        let independent = LinearisedSgd {
            gram: &gram,
            factor: &factor,
            dynamics: process.into(),
            decay,
            options,
        };
        let linearised =
            if shuffled { independent.on_shuffled_epochs(batch_size) } else { independent };
        let of_epochs = || {
            eta_var_of_epochs(
                &factor,
                Optimizer::default(),
                batch_size,
                found.eta_mean,
                found.eta_var,
            )
            .ok()
        };
        Ok(Self {
            eta_var: found.eta_var,
            eta_var_epoch: shuffled.then(of_epochs).flatten(),
            eta_as: linearised.eta_as().ok(),
            loss: pass.loss(),
        })
    }

    /// `points` step sizes from half of the smaller threshold to twice the larger one.
    pub fn around(&self, points: usize) -> Vec<f64> {
        let last = self.eta_as.map_or(self.eta_var, |found| found.value.max(self.eta_var));
        let (low, high) = ((0.5 * self.eta_var).log10(), (2.0 * last).log10());
        (0..points).map(|k| logspace(low, high, points, k)).collect()
    }
}
