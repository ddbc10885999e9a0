//! The loop over the steps, the same in both layouts.

use super::bias_terms::BiasTerms;
use super::context::Context;
use super::weight_layout::WeightLayout;

/// What the steps change besides S and W2.
pub(super) struct Steps<'a> {
    pub context: Context<'a>,
    pub terms: &'a mut BiasTerms,
    pub b2: &'a mut [f32],
    /// That of b2; empty for plain SGD.
    pub b2_velocity: &'a mut [f32],
    /// η.
    pub rate: f32,
    /// Scratch: the outputs of a batch, then their scaled residuals.
    pub residuals: &'a mut Vec<f32>,
}

/// Sums over steps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    /// Σ ℓ_i, each before its step.
    pub loss: f64,
    /// Hidden units that were active, over all samples.
    pub active: u64,
}

impl Steps<'_> {
    /// Steps through `order`, `batch_size` samples at a time.
    pub fn run(
        &mut self,
        weights: &mut dyn WeightLayout,
        order: &[u32],
        batch_size: usize,
    ) -> Totals {
        let mut totals = Totals::default();
        for block in order.chunks(weights.block_samples(batch_size)) {
            let found = self.block(weights, block, batch_size);
            totals.loss += found.loss;
            totals.active += found.active;
        }
        totals
    }

    fn block(
        &mut self,
        weights: &mut dyn WeightLayout,
        block: &[u32],
        batch_size: usize,
    ) -> Totals {
        let (context, mut out) = (self.context, std::mem::take(self.residuals));
        let mut totals = Totals::default();
        weights.begin_block(context, block, batch_size);
        for first in (0..block.len()).step_by(batch_size) {
            let rows = first..block.len().min(first + batch_size);
            out.resize(rows.len() * context.problem.outputs(), 0.0);
            weights.forward(context, self.terms, block, rows.clone(), &mut out);
            totals.loss += self.output_step(&block[rows.clone()], &mut out);
            totals.active += weights.backward(context, self.terms, block, rows, &out);
        }
        weights.end_block(context, block);
        *self.residuals = out;
        totals
    }

    /// Turns outputs into residuals scaled by the step of plain SGD, or to gradients, and takes the step of b2.
    /// Returns the batch's loss.
    fn output_step(&mut self, batch: &[u32], out: &mut [f32]) -> f64 {
        let problem = self.context.problem;
        let loss = problem.residuals(batch, self.b2, out);
        let motion = self.context.motion;
        // κg is a step of −κ along the gradient.
        let rate = motion.map_or(self.rate, |motion| -motion.kick);
        let factor = problem.step_factor(rate, batch.len());
        out.iter_mut().for_each(|r| *r *= factor);
        let sum = |j: usize| out.iter().skip(j).step_by(problem.outputs()).sum::<f32>();
        match motion {
            None => self.b2.iter_mut().enumerate().for_each(|(j, b)| *b += sum(j)),
            Some(motion) => {
                for (j, (b, v)) in self.b2.iter_mut().zip(&mut *self.b2_velocity).enumerate() {
                    motion.step.apply(b, v, sum(j));
                }
            }
        }
        loss
    }
}
