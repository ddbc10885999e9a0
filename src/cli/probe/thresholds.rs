//! The thresholds around which the step sizes of a probe are chosen.

use etastar::config::logspace;
use etastar::curvature::{Pass, gram};
use etastar::probe;
use etastar::process::Sampling;
use etastar::stability::almost_sure::{AlmostSureThreshold, ExponentOptions, LinearisedSgd};
use etastar::stability::linearised::{Dynamics, GramFactor};
use etastar::stability::simulated_mean_square::{SimulatedThreshold, eta_var_of_epochs};
use etastar::stability::solver::SolverOptions;
use etastar::stability::thresholds::{Request, thresholds};
use faer::Par;

/// Where linearised SGD stops being stable.
#[derive(Debug, Clone, Copy)]
pub struct ProbeThresholds {
    /// η*_var of independent batches.
    pub eta_var: f64,
    /// η*_var of shuffled epochs, if the probe draws its batches so.
    pub eta_var_epoch: Option<SimulatedThreshold>,
    /// η*_as of the process of the probe.
    pub eta_as: Option<AlmostSureThreshold>,
    /// Loss at the minimum.
    pub loss: f64,
}

impl ProbeThresholds {
    /// The thresholds of the process of `probe`, and in any case η*_var of independent batches.
    pub fn compute(probe: &probe::Request<'_>) -> anyhow::Result<Self> {
        let probe::Request { weights, data, loss, batches, optimizer, .. } = *probe;
        let batch_size = batches.batch_size;
        let pass = Pass::new(weights, data, loss, Par::rayon(0));
        let gram = gram(&pass)?;
        let options = SolverOptions::default();
        let request = Request {
            batch_sizes: vec![batch_size],
            sampling: Sampling::Distinct,
            optimizer,
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
            dynamics: Dynamics { optimizer, process },
            decay,
            options,
        };
        let linearised =
            if shuffled { independent.on_shuffled_epochs(batch_size) } else { independent };
        let of_epochs = || {
            eta_var_of_epochs(&factor, optimizer, batch_size, found.eta_mean, found.eta_var).ok()
        };
        Ok(Self {
            eta_var: found.eta_var,
            eta_var_epoch: shuffled.then(of_epochs).flatten(),
            eta_as: linearised.eta_as().ok(),
            loss: pass.loss(),
        })
    }

    /// `points` step sizes from half of the smaller threshold to twice the larger one.
    pub fn step_sizes_around(&self, points: usize) -> Vec<f64> {
        let last = self.eta_as.map_or(self.eta_var, |found| found.value.max(self.eta_var));
        let (low, high) = ((0.5 * self.eta_var).log10(), (2.0 * last).log10());
        (0..points).map(|k| logspace(low, high, points, k)).collect()
    }
}
