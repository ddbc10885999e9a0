//! The network f(x) = W2 relu(W1 x + b1) + b2 and its SGD step.

use std::sync::Arc;

use super::Isa;
use super::base::Base;
use super::block::PerUnit;
use super::error::FusedError;
use super::pixel::PixelMajor;
use super::problem::Problem;
use super::run::Run;
use super::state::{Layout, Parameters, State};
use super::unit::UnitMajor;

/// A one-hidden-layer ReLU network that trains by plain SGD on one problem.
#[derive(Clone, Debug)]
pub struct OneHidden {
    problem: Arc<Problem>,
    isa: Isa,
    hidden: usize,
    base: Base,
    b2: Vec<f32>,
    weights: Weights,
    residuals: Vec<f32>,
    on: u64,
    seen: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Weights {
    Pixel(PixelMajor),
    Unit(UnitMajor),
}

/// Below this share of hidden units on, [`Layout::UnitMajor`] is the faster layout.
const SPARSE_BELOW: f64 = 0.12;
/// Above this share, [`Layout::PixelMajor`] is.
const DENSE_ABOVE: f64 = 0.18;

/// Samples whose small steps are computed together, in [`Layout::PixelMajor`].
const BLOCK: usize = 32;
/// The largest batch for which that pays.
const LARGEST_AHEAD: usize = 8;

impl OneHidden {
    /// A network with these parameters, for this problem, with the best instructions of this machine.
    ///
    /// # Errors
    /// If the slices do not fit each other and the problem, or hold a number that is not finite.
    pub fn new(problem: Arc<Problem>, parameters: &Parameters) -> Result<Self, FusedError> {
        parameters.check(&problem)?;
        let state = State::start(parameters, problem.inputs().background());
        Self::restore(problem, &state)
    }

    /// The network that [`state`](Self::state) describes: its steps are the same, bit for bit, on the same
    /// instruction set.
    ///
    /// # Errors
    /// If the slices do not fit each other and the problem, or hold a number that is not finite.
    pub fn restore(problem: Arc<Problem>, state: &State) -> Result<Self, FusedError> {
        state.check(&problem)?;
        let hidden = state.stored.b1.len();
        let base = Base {
            bias: PerUnit::from_slice(&state.stored.b1),
            offset: PerUnit::from_slice(&state.offset),
            response: PerUnit::from_slice(&state.response),
        };
        let inputs = problem.inputs().inputs();
        let weights =
            Weights::new(&problem, &base, hidden, state.layout, &state.stored.w2, |h, p| {
                state.stored.w1[h * inputs + p]
            });
        Ok(Self {
            isa: Isa::detect(),
            hidden,
            base,
            b2: state.stored.b2.clone(),
            weights,
            residuals: Vec::new(),
            on: state.on,
            seen: state.seen,
            problem,
        })
    }

    /// The same network on another instruction set.
    pub fn with_isa(self, isa: Isa) -> Self {
        Self { isa, ..self }
    }

    /// Steps θ ← θ − η (1/B) Σ ∇ℓ_i through `order`, B = `batch` samples at a time (the last step takes what
    /// is left), η being `rate`. Returns Σ ℓ_i, every sample's loss being that before its step.
    ///
    /// Small batches are computed several steps at a time, which changes rounding only: for the same bits,
    /// an epoch may be cut into calls at multiples of [`period`](Self::period) samples and nowhere else.
    /// Allocates nothing once a batch of this size has been seen. When training diverges, the loss returned
    /// becomes huge, infinite or NaN before any weight does; what comes after means nothing.
    ///
    /// # Panics
    /// If `batch` is 0 or `order` names a sample that the problem does not have.
    pub fn steps(&mut self, order: &[u32], batch: usize, rate: f32) -> f64 {
        assert!(batch > 0, "a step needs at least one sample");
        let mut run = Run {
            isa: self.isa,
            problem: &self.problem,
            base: &mut self.base,
            b2: &mut self.b2,
            rate,
            residuals: &mut self.residuals,
        };
        let mut loss = 0.0;
        self.seen += (order.len() * self.hidden) as u64;
        match &mut self.weights {
            Weights::Pixel(net) if batch <= LARGEST_AHEAD => {
                for block in order.chunks(Self::period(batch)) {
                    let (block_loss, on) = run.block(net, block, batch);
                    loss += block_loss;
                    self.on += on;
                }
            }
            weights => {
                for batch in order.chunks(batch) {
                    let (step_loss, on) = run.step(weights, batch);
                    loss += step_loss;
                    self.on += on;
                }
            }
        }
        loss
    }

    /// Samples between two places where an epoch with this batch size may be cut into calls of
    /// [`steps`](Self::steps): a multiple of `batch`, the same in both layouts.
    pub fn period(batch: usize) -> usize {
        if batch <= LARGEST_AHEAD { BLOCK / batch.max(1) * batch.max(1) } else { batch }
    }

    /// (1/n) Σ ℓ_i over all samples.
    pub fn full_loss(&self) -> f64 {
        // Nothing exceeds the limit; a sum that is not a number does not either, and is returned.
        self.full_loss_within(f64::INFINITY).unwrap_or(f64::INFINITY)
    }

    /// (1/n) Σ ℓ_i over all samples, or `None` if it exceeds `limit`: known after the first samples where it
    /// exceeds it by far.
    pub fn full_loss_within(&self, limit: f64) -> Option<f64> {
        let samples = self.problem.inputs().samples() as f64;
        let (problem, limit) = (&self.problem, limit * samples);
        let sum = match &self.weights {
            Weights::Pixel(net) => net.loss(self.isa, problem, &self.base, &self.b2, limit),
            Weights::Unit(net) => net.loss(self.isa, problem, &self.base, &self.b2, limit),
        };
        sum.map(|sum| sum / samples)
    }

    /// To be called between epochs: folds what standardised inputs kept apart back into the weights, so that
    /// rounding cannot pile up, and moves to the layout that suits the share of hidden units found on.
    pub fn end_epoch(&mut self) {
        match &mut self.weights {
            Weights::Pixel(net) => net.end_epoch(self.isa, &self.problem, &mut self.base),
            Weights::Unit(net) => net.end_epoch(self.isa, &self.problem, &mut self.base),
        }
        let share = self.on as f64 / self.seen.max(1) as f64;
        let seen = std::mem::take(&mut self.seen) > 0;
        self.on = 0;
        match self.layout() {
            Layout::PixelMajor if seen && share < SPARSE_BELOW => {
                self.set_layout(Layout::UnitMajor)
            }
            Layout::UnitMajor if share > DENSE_ABOVE => self.set_layout(Layout::PixelMajor),
            _ => {}
        }
    }

    /// How the weights lie in memory now.
    pub fn layout(&self) -> Layout {
        match self.weights {
            Weights::Pixel(_) => Layout::PixelMajor,
            Weights::Unit(_) => Layout::UnitMajor,
        }
    }

    /// Moves the weights to another layout; they keep their values.
    pub fn set_layout(&mut self, layout: Layout) {
        if layout == self.layout() {
            return;
        }
        let stored = self.state().stored;
        let inputs = self.problem.inputs().inputs();
        self.weights =
            Weights::new(&self.problem, &self.base, self.hidden, layout, &stored.w2, |h, p| {
                stored.w1[h * inputs + p]
            });
    }

    /// The parameters as they are now.
    pub fn parameters(&self) -> Parameters {
        let State { mut stored, offset, .. } = self.state();
        for (row, u) in stored.w1.chunks_mut(self.problem.inputs().inputs()).zip(offset) {
            row.iter_mut().for_each(|w| *w += u);
        }
        stored
    }

    /// Everything that the coming steps depend on.
    pub fn state(&self) -> State {
        let (inputs, outputs, hidden) =
            (self.problem.inputs().inputs(), self.problem.outputs(), self.hidden);
        let mut w1 = vec![0.0; hidden * inputs];
        let mut w2 = vec![0.0; outputs * hidden];
        match &self.weights {
            Weights::Pixel(net) => {
                net.for_each_stored(&self.problem, hidden, |h, p, weight| {
                    w1[h * inputs + p] = weight
                });
                for_pairs(outputs, hidden, |o, h| w2[o * hidden + h] = net.w2.get(o, h));
            }
            Weights::Unit(net) => {
                net.for_each_stored(&self.problem, |h, p, weight| w1[h * inputs + p] = weight);
                for_pairs(outputs, hidden, |o, h| w2[o * hidden + h] = net.w2.get(o, h));
            }
        }
        State {
            stored: Parameters { w1, b1: self.base.bias.to_vec(hidden), w2, b2: self.b2.clone() },
            offset: self.base.offset.to_vec(hidden),
            response: self.base.response.to_vec(hidden),
            layout: self.layout(),
            on: self.on,
            seen: self.seen,
        }
    }
}

impl Weights {
    fn new(
        problem: &Problem,
        base: &Base,
        hidden: usize,
        layout: Layout,
        w2: &[f32],
        stored: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let w2 = |o: usize, h: usize| w2[o * hidden + h];
        match layout {
            Layout::PixelMajor => Self::Pixel(PixelMajor::new(problem, hidden, stored, w2)),
            Layout::UnitMajor => Self::Unit(UnitMajor::new(problem, hidden, base, stored, w2)),
        }
    }
}

fn for_pairs(rows: usize, columns: usize, mut f: impl FnMut(usize, usize)) {
    for i in 0..rows {
        for j in 0..columns {
            f(i, j);
        }
    }
}
