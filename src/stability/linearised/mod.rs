//! SGD linearised at a minimum, where the gradient of a batch is H_Bθ, simulated in coordinates of the
//! range of H.

mod block;
mod dynamics;
mod factor;
mod random_walk;
mod transfer;
mod walk;

pub(crate) use block::{Block, Stretch};
pub use dynamics::Dynamics;
pub use factor::GramFactor;
pub(crate) use random_walk::RandomWalk;
