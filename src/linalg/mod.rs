//! Plain linear algebra that several modules share, and that faer does not have.
//!
//! Krylov methods here work on any [`Vector`], so that symmetric blocks need not be copied into flat
//! vectors, and return their residual with every solution.

pub(crate) mod arnoldi;
pub(crate) mod dense;
pub(crate) mod gmres;
pub mod lanczos;
pub mod operator;
mod product;
mod quasirandom;
pub mod vector;

pub use lanczos::{Eigenpair, Stop, largest_eigenpair, largest_eigenpairs};
pub use operator::{LinearOperator, Symmetric};
pub(crate) use product::product;
pub(crate) use quasirandom::quasirandom;
pub use vector::Vector;
