//! A problem with what its simulations and their theories need, computed once.

use super::super::error::QuadraticError;
use super::super::problem::Problem;
use super::step::Steps;
use crate::optimizer::Optimizer;
use crate::process::{BatchProcess, Sampling};
use crate::stability::almost_sure::{ExponentOptions, LyapunovExponent, lyapunov};
use crate::stability::linearised::{Dynamics, GramFactor};
use crate::stability::second_moment::SecondMoment;
use crate::stability::solver::SolverOptions;
use crate::stability::thresholds::{Request, thresholds};

/// A problem, its steps in parameter space, its second-moment operator and the factor of its Gram
/// matrix.
pub struct PreparedProblem {
    pub steps: Steps,
    pub moments: SecondMoment,
    factor: GramFactor,
    problem: Problem,
}

impl PreparedProblem {
    /// Prepares `problem` for an optimizer.
    ///
    /// # Errors
    /// A problem without curvature, or an eigendecomposition that does not converge.
    pub fn new(problem: Problem, optimizer: Optimizer) -> Result<Self, QuadraticError> {
        let gram = problem.gram()?;
        Ok(Self {
            steps: Steps::new(&problem, optimizer),
            moments: moments(&problem, optimizer)?,
            factor: GramFactor::of(&gram)?,
            problem,
        })
    }

    /// η*_mean and η*_var for each batch size.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn thresholds(
        &self,
        sampling: Sampling,
        batch_sizes: &[usize],
    ) -> Result<Vec<(f64, f64)>, QuadraticError> {
        let options = SolverOptions { tolerance: 1e-8, ..SolverOptions::default() };
        let request = Request {
            batch_sizes: batch_sizes.to_vec(),
            sampling,
            optimizer: self.steps.optimizer(),
            options,
        };
        let report = thresholds(&self.problem.gram()?, &request, &mut |_| {})?;
        Ok(report.thresholds.iter().map(|found| (found.eta_mean, found.eta_var)).collect())
    }

    /// log ρ(Q(η)), the rate at which E‖θ‖² grows.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn log_radius(&self, process: BatchProcess, step_size: f64) -> Result<f64, QuadraticError> {
        let coefficients = process.coefficients(self.steps.samples())?;
        Ok(self.moments.spectral_radius(coefficients, step_size).ln())
    }

    /// λ to 2%, or to what the draws allow.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn lyapunov(
        &self,
        process: BatchProcess,
        step_size: f64,
        seed: u64,
    ) -> Result<LyapunovExponent, QuadraticError> {
        let options = ExponentOptions { precision: 0.02, seed, ..ExponentOptions::default() };
        let dynamics = Dynamics { optimizer: self.steps.optimizer(), process };
        Ok(lyapunov(&self.factor, dynamics, step_size, options)?)
    }
}

/// On the range of H, or in all directions if weight decay acts in all of them.
fn moments(problem: &Problem, optimizer: Optimizer) -> Result<SecondMoment, QuadraticError> {
    let (rows, outputs) = (problem.rows.as_ref(), problem.outputs);
    let moments = if optimizer.rule().penalty() > 0.0 {
        SecondMoment::signed(rows, vec![1.0; rows.nrows()], outputs, f64::NEG_INFINITY)?
    } else {
        SecondMoment::new(rows, outputs)?
    };
    Ok(moments.with_optimizer(optimizer))
}
