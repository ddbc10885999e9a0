//! What every kernel is called with.

use super::isa::Isa;
use super::problem::Problem;

/// The instruction set and the problem.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub isa: Isa,
    pub problem: &'a Problem,
}
