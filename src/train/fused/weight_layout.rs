//! What a layout of the hidden layer's weights has to do.

use std::fmt::Debug;
use std::ops::Range;

use super::bias_terms::BiasTerms;
use super::context::Context;
use super::frame::Frame;
use super::problem::Problem;
use super::state::Layout;

/// S and W2 in one order in memory, and the steps on them.
///
/// Steps come in blocks: [`begin_block`](Self::begin_block); [`forward`](Self::forward) and
/// [`backward`](Self::backward) for each batch of the block in order; [`end_block`](Self::end_block).
pub(super) trait WeightLayout: Debug + Send + Sync {
    /// Which layout it is.
    fn layout(&self) -> Layout;

    /// A copy.
    fn boxed_clone(&self) -> Box<dyn WeightLayout>;

    /// Samples of a block, a multiple of `batch_size`.
    fn block_samples(&self, batch_size: usize) -> usize {
        batch_size
    }

    /// Prepares for the samples of `block`.
    fn begin_block(&mut self, context: Context, block: &[u32], batch_size: usize);

    /// Leaves W2 relu(z) of the block's samples `rows` in `out`.
    fn forward(
        &mut self,
        context: Context,
        terms: &BiasTerms,
        block: &[u32],
        rows: Range<usize>,
        out: &mut [f32],
    );

    /// Makes the step on the block's samples `rows`, whose scaled residuals are `e`. Returns how many hidden
    /// units were active, over the samples.
    fn backward(
        &mut self,
        context: Context,
        terms: &mut BiasTerms,
        block: &[u32],
        rows: Range<usize>,
        e: &[f32],
    ) -> u64;

    /// Applies the updates that the block's steps deferred.
    fn end_block(&mut self, _: Context, _: &[u32]) {}

    /// To be called between epochs: adds u to every weight of its unit and sets it to 0.
    fn end_epoch(&mut self, context: Context, terms: &mut BiasTerms);

    /// S, `[hidden][input]`, and W2, `[output][hidden]`.
    fn stored(&self, problem: &Problem) -> (Vec<f32>, Vec<f32>);

    /// Where weights and velocities are kept as coordinates (p, q) in a frame: the frame, p and q of S.
    fn coordinates(&self, _: &Problem) -> Option<(Frame, [Vec<f32>; 2])> {
        None
    }

    /// Their velocities, if they have one.
    fn stored_velocity(&self, problem: &Problem) -> Option<(Vec<f32>, Vec<f32>)>;
}

impl Clone for Box<dyn WeightLayout> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}
