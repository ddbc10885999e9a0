//! Linearised SGD on a [`Problem`](super::problem::Problem): its steps, and the growth rates of what
//! it carries.

mod growth;
mod population;
mod prepared;
mod step;

pub use growth::mean_growth_of_walks;
pub use prepared::PreparedProblem;
pub use step::{StepBuffers, Steps, random_direction};
