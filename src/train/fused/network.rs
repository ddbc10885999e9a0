//! The network f(x) = W2 relu(W1 x + b1) + b2 and its SGD step.

use std::sync::Arc;

use super::bias_terms::BiasTerms;
use super::context::Context;
use super::error::FusedError;
use super::frame::Frame;
use super::isa::Isa;
use super::motion::Motion;
use super::pixel::PixelMajor;
use super::problem::Problem;
use super::state::{Layout, Parameters, State, Velocity};
use super::steps::Steps;
use super::unit::UnitMajor;
use super::weight_layout::WeightLayout;
use crate::optimizer::Optimizer;

/// A one-hidden-layer ReLU network that trains by SGD on one problem.
#[derive(Clone, Debug)]
pub struct OneHidden {
    problem: Arc<Problem>,
    isa: Isa,
    hidden: usize,
    terms: BiasTerms,
    b2: Vec<f32>,
    /// That of b2; empty for plain SGD.
    b2_velocity: Vec<f32>,
    optimizer: Optimizer,
    weights: Box<dyn WeightLayout>,
    /// Scratch.
    residuals: Vec<f32>,
    active: u64,
    evaluated: u64,
}

/// Below this share of active hidden units, [`Layout::UnitMajor`] is the faster layout.
const SPARSE_BELOW: f64 = 0.12;
/// Above this share, [`Layout::PixelMajor`] is.
const DENSE_ABOVE: f64 = 0.18;

/// Samples whose loss is evaluated at a time.
const LOSS_CHUNK: usize = 64;

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
    /// instruction set and with the same [optimizer](Self::with_optimizer).
    ///
    /// # Errors
    /// If the slices do not fit each other and the problem, or hold a number that is not finite.
    pub fn restore(problem: Arc<Problem>, state: &State) -> Result<Self, FusedError> {
        state.check(&problem)?;
        let velocity = state.velocity.as_ref();
        let mut terms = BiasTerms::new(&state.stored.b1, &state.offset, &state.response);
        terms.velocity =
            velocity.map(|v| Box::new(BiasTerms::new(&v.stored.b1, &v.offset, &v.response)));
        let stored_velocity = velocity.map(|velocity| &velocity.stored);
        Ok(Self {
            isa: Isa::detect(),
            hidden: state.stored.b1.len(),
            weights: weights(
                state.layout,
                &problem,
                &state.stored,
                stored_velocity,
                velocity.and_then(|velocity| velocity.frame),
                &terms,
            ),
            terms,
            b2: state.stored.b2.clone(),
            b2_velocity: stored_velocity.map_or_else(Vec::new, |velocity| velocity.b2.clone()),
            optimizer: Optimizer::Sgd,
            residuals: Vec::new(),
            active: state.active,
            evaluated: state.evaluated,
            problem,
        })
    }

    /// The same network with another optimizer than plain SGD. It goes on with the velocity of its state, and is
    /// at rest if that has none.
    #[must_use]
    pub fn with_optimizer(mut self, optimizer: Optimizer) -> Self {
        self.optimizer = optimizer;
        let moves = optimizer != Optimizer::Sgd;
        if moves != self.terms.velocity.is_some() {
            let velocity = moves.then(|| Velocity::zero(self.hidden, &self.problem));
            self.set_velocity(velocity);
        }
        self
    }

    /// The same network on another instruction set.
    pub fn with_isa(self, isa: Isa) -> Self {
        Self { isa, ..self }
    }

    /// Steps along (1/B) Σ ∇ℓ_i through `order`, B = `batch` samples at a time (the last step takes what
    /// is left), η being `rate`. Returns Σ ℓ_i, every sample's loss being that before its step.
    ///
    /// Small batches are computed several steps at a time, which changes rounding only: for the same bits,
    /// an epoch may be cut into calls at multiples of [`block_samples`](Self::block_samples) and nowhere
    /// else. Allocates nothing once a batch of this size has been seen. When training diverges, the loss
    /// returned becomes huge, infinite or NaN before any weight does; the numbers after that mean nothing.
    ///
    /// # Panics
    /// If `batch` is 0 or `order` names a sample that the problem does not have.
    pub fn steps(&mut self, order: &[u32], batch: usize, rate: f32) -> f64 {
        assert!(batch > 0, "a step needs at least one sample");
        let mut steps = Steps {
            context: Context {
                isa: self.isa,
                problem: &self.problem,
                motion: Motion::new(self.optimizer, rate),
            },
            terms: &mut self.terms,
            b2: &mut self.b2,
            b2_velocity: &mut self.b2_velocity,
            rate,
            residuals: &mut self.residuals,
        };
        let totals = steps.run(self.weights.as_mut(), order, batch);
        self.evaluated += (order.len() * self.hidden) as u64;
        self.active += totals.active;
        totals.loss
    }

    /// Samples between two places where an epoch with this batch size may be cut into calls of
    /// [`steps`](Self::steps): a multiple of `batch`, the same in both layouts.
    pub fn block_samples(batch: usize) -> usize {
        PixelMajor::block_samples(batch.max(1))
    }

    /// (1/n) Σ ℓ_i over all samples.
    pub fn full_loss(&mut self) -> f64 {
        // Nothing exceeds the limit; a sum that is not a number does not either, and is returned.
        self.full_loss_within(f64::INFINITY).unwrap_or(f64::INFINITY)
    }

    /// (1/n) Σ ℓ_i over all samples, or `None` if it exceeds `limit`, which is known after the first samples
    /// where it exceeds it by far.
    pub fn full_loss_within(&mut self, limit: f64) -> Option<f64> {
        let (problem, weights) = (&*self.problem, self.weights.as_mut());
        let context = Context { isa: self.isa, problem, motion: None };
        let count = problem.inputs().samples();
        let samples: Vec<u32> = (0..count as u32).collect();
        let mut out = vec![0.0; LOSS_CHUNK * problem.outputs()];
        let mut sum = 0.0;
        for chunk in samples.chunks(LOSS_CHUNK) {
            let out = &mut out[..chunk.len() * problem.outputs()];
            weights.begin_block(context, chunk, LOSS_CHUNK);
            weights.forward(context, &self.terms, chunk, 0..chunk.len(), out);
            sum += problem.residuals(chunk, &self.b2, out);
            if sum > limit * count as f64 {
                return None;
            }
        }
        Some(sum / count as f64)
    }

    /// To be called between epochs: adds the offsets, which standardised inputs keep apart, to the weights, so
    /// that rounding cannot accumulate, and changes to the layout that suits the share of active hidden units.
    pub fn end_epoch(&mut self) {
        let context = Context { isa: self.isa, problem: &self.problem, motion: None };
        self.weights.end_epoch(context, &mut self.terms);
        let share = self.active as f64 / self.evaluated.max(1) as f64;
        let known = std::mem::take(&mut self.evaluated) > 0;
        self.active = 0;
        match self.layout() {
            Layout::PixelMajor if known && share < SPARSE_BELOW => {
                self.set_layout(Layout::UnitMajor)
            }
            Layout::UnitMajor if share > DENSE_ABOVE => self.set_layout(Layout::PixelMajor),
            _ => {}
        }
    }

    /// How the weights lie in memory now.
    pub fn layout(&self) -> Layout {
        self.weights.layout()
    }

    /// Moves the weights to another layout; they keep their values.
    pub fn set_layout(&mut self, layout: Layout) {
        if layout != self.layout() {
            let velocity = self.stored_velocity();
            let stored = self.stored();
            self.weights =
                weights(layout, &self.problem, &stored, velocity.as_ref(), None, &self.terms);
        }
    }

    /// Gives everything that is stored another velocity, or none.
    fn set_velocity(&mut self, velocity: Option<Velocity>) {
        self.terms.velocity = velocity
            .as_ref()
            .map(|v| Box::new(BiasTerms::new(&v.stored.b1, &v.offset, &v.response)));
        let velocity = velocity.map(|velocity| velocity.stored);
        let (layout, stored) = (self.layout(), self.stored());
        self.weights =
            weights(layout, &self.problem, &stored, velocity.as_ref(), None, &self.terms);
        self.b2_velocity = velocity.map_or_else(Vec::new, |velocity| velocity.b2);
    }

    /// The parameters as they are now.
    pub fn parameters(&self) -> Parameters {
        let mut parameters = self.stored();
        let rows = parameters.w1.chunks_mut(self.problem.inputs().inputs());
        for (h, row) in rows.enumerate() {
            let offset = self.terms.offset.get(h);
            row.iter_mut().for_each(|weight| *weight += offset);
        }
        parameters
    }

    /// Everything that the coming steps depend on.
    pub fn state(&self) -> State {
        let mut stored = self.stored();
        let velocity = self.terms.velocity.as_deref().zip(self.stored_velocity());
        let mut velocity = velocity.map(|(terms, stored)| Velocity {
            stored,
            frame: None,
            offset: terms.offset.to_vec(self.hidden),
            response: terms.response.to_vec(self.hidden),
        });
        if let (Some(velocity), Some((frame, [p, q]))) =
            (&mut velocity, self.weights.coordinates(&self.problem))
        {
            velocity.frame = Some(frame);
            (stored.w1, velocity.stored.w1) = (p, q);
        }
        State {
            stored,
            offset: self.terms.offset.to_vec(self.hidden),
            response: self.terms.response.to_vec(self.hidden),
            velocity,
            layout: self.layout(),
            active: self.active,
            evaluated: self.evaluated,
        }
    }

    /// S, b1, W2 and b2.
    fn stored(&self) -> Parameters {
        let (w1, w2) = self.weights.stored(&self.problem);
        Parameters { w1, b1: self.terms.bias.to_vec(self.hidden), w2, b2: self.b2.clone() }
    }

    /// The velocities of S, b1, W2 and b2, if they have one.
    fn stored_velocity(&self) -> Option<Parameters> {
        let (w1, w2) = self.weights.stored_velocity(&self.problem)?;
        let b1 = self.terms.velocity.as_deref()?.bias.to_vec(self.hidden);
        Some(Parameters { w1, b1, w2, b2: self.b2_velocity.clone() })
    }
}

/// The weights of `stored` and their velocity in one of the layouts.
fn weights(
    layout: Layout,
    problem: &Problem,
    stored: &Parameters,
    velocity: Option<&Parameters>,
    frame: Option<Frame>,
    terms: &BiasTerms,
) -> Box<dyn WeightLayout> {
    match layout {
        Layout::PixelMajor => Box::new(PixelMajor::new(problem, stored, velocity)),
        Layout::UnitMajor => Box::new(UnitMajor::new(
            problem,
            stored,
            velocity,
            frame.unwrap_or(Frame::START),
            terms,
        )),
    }
}
