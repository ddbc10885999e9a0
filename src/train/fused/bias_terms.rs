//! The bias of every hidden unit, and the part of its preactivation that comes from the background.

use super::block::PerUnit;
use super::inputs::SampleStats;
use super::simd::Simd;

/// With x = b·1 + s and W1 = S + u 1ᵀ (S stored, u collecting the updates along 1ᵀ) the preactivation is
/// z = W1 x + b1 = v + u Σ_p s_p + S s, where v = b1 + b W1 1.
/// A change g of a unit's bias comes with g x for its weights: u changes by b g and v by (1 + b Σ_p x_p) g.
#[derive(Clone, Debug)]
pub(super) struct BiasTerms {
    /// b1.
    pub bias: PerUnit,
    /// u; zero where the background is zero.
    pub offset: PerUnit,
    /// v, the preactivation of an input that is all background.
    pub response: PerUnit,
    /// The velocities of these three, with an optimizer that moves the parameters by a velocity.
    pub velocity: Option<Box<Self>>,
}

impl BiasTerms {
    /// Terms without a velocity.
    pub fn new(bias: &[f32], offset: &[f32], response: &[f32]) -> Self {
        let [bias, offset, response] = [bias, offset, response].map(PerUnit::from_slice);
        Self { bias, offset, response, velocity: None }
    }

    /// Updates block `j` by one sample's changes of the biases.
    #[inline(always)]
    pub fn update<S: Simd>(
        &mut self,
        s: S,
        j: usize,
        change: S::V,
        background: f32,
        sample: &SampleStats,
    ) {
        let parts = [
            (&mut self.bias, 1.0),
            (&mut self.offset, background),
            (&mut self.response, sample.background_gain),
        ];
        for (part, factor) in parts {
            let block = part.block_mut(j);
            s.store(s.mul_add(s.splat(factor), change, s.load(block)), block);
        }
    }
}
