//! One step, or one block of small steps, of a network.

use super::Isa;
use super::base::Base;
use super::network::Weights;
use super::pixel::PixelMajor;
use super::problem::Problem;

/// What every step needs besides the weights.
pub(super) struct Run<'a> {
    pub isa: Isa,
    pub problem: &'a Problem,
    pub base: &'a mut Base,
    pub b2: &'a mut [f32],
    pub rate: f32,
    pub residuals: &'a mut Vec<f32>,
}

impl Run<'_> {
    /// One step. Returns the batch's loss before it, and how many hidden units were on.
    pub fn step(&mut self, weights: &mut Weights, batch: &[u32]) -> (f64, u64) {
        let mut out = std::mem::take(self.residuals);
        out.resize(batch.len() * self.problem.outputs(), 0.0);
        match weights {
            Weights::Pixel(net) => net.forward(self.isa, self.problem, self.base, batch, &mut out),
            Weights::Unit(net) => net.forward(self.isa, self.problem, self.base, batch, &mut out),
        }
        let loss = self.output_step(batch, &mut out);
        let on = match weights {
            Weights::Pixel(net) => net.backward(self.isa, self.problem, self.base, batch, &out),
            Weights::Unit(net) => net.backward(self.isa, self.problem, self.base, batch, &out),
        };
        *self.residuals = out;
        (loss, on)
    }

    /// The steps of one block, `batch` samples at a time. Returns the sums of what [`step`](Self::step) does.
    pub fn block(&mut self, net: &mut PixelMajor, block: &[u32], batch: usize) -> (f64, u64) {
        let mut out = std::mem::take(self.residuals);
        let (mut loss, mut on) = (0.0, 0);
        net.look_ahead(self.isa, self.problem, block);
        for first in (0..block.len()).step_by(batch) {
            let rows = first..block.len().min(first + batch);
            out.resize(rows.len() * self.problem.outputs(), 0.0);
            net.forward_ahead(self.isa, self.problem, self.base, block, rows.clone(), &mut out);
            loss += self.output_step(&block[rows.clone()], &mut out);
            on += net.backward_ahead(self.isa, self.problem, self.base, block, rows, &out);
        }
        net.catch_up(self.isa, block);
        *self.residuals = out;
        (loss, on)
    }

    /// Turns outputs into residuals scaled by the step, and takes the step of b2. Returns the batch's loss.
    fn output_step(&mut self, batch: &[u32], out: &mut [f32]) -> f64 {
        let loss = self.problem.residuals(batch, self.b2, out);
        let factor = self.problem.step_factor(self.rate, batch.len());
        out.iter_mut().for_each(|r| *r *= factor);
        for (j, b) in self.b2.iter_mut().enumerate() {
            *b += out.iter().skip(j).step_by(self.problem.outputs()).sum::<f32>();
        }
        loss
    }
}
