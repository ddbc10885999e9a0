//! What every kernel is called with.

use super::isa::Isa;
use super::motion::Motion;
use super::problem::Problem;

/// The instruction set, the problem, and how parameters move.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub isa: Isa,
    pub problem: &'a Problem,
    /// `None` for plain SGD.
    pub motion: Option<Motion>,
}
