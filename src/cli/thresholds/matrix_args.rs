//! The matrix of `thresholds`: its file, and how it holds G.

use std::path::PathBuf;

use clap::Args;
use etastar::gram::Gram;
use etastar::gram::npy::{GramFile, Layout};
use etastar::memory::check_thresholds;

use super::super::exit::UsageError;

/// How the matrix is written, for frameworks that give it in different orders.
pub const EXAMPLES: &str = "\
The matrix from Python, for n samples with Q outputs, d parameters and the
loss c‖f − y‖²; the derivatives of the outputs are J:

  NumPy, J of shape (n, Q, d): rows i·Q + q
    J = J.reshape(n * Q, d)
    np.save(\"gram.npy\", 2 * c * J @ J.T)
    $ etastar thresholds gram.npy --outputs Q

  NumPy, J of shape (Q, n, d): rows q·n + i
    J = J.reshape(Q * n, d)
    np.save(\"gram.npy\", 2 * c * J @ J.T)
    $ etastar thresholds gram.npy --outputs Q --layout output

  JAX, f(theta, x) of one sample, theta one vector: shape (n, n, Q, Q)
    J = jax.vmap(jax.jacrev(f), (None, 0))(theta, xs)
    np.save(\"kernel.npy\", 2 * c * jnp.einsum(\"ikd,jld->ijkl\", J, J))
    $ etastar thresholds kernel.npy

  neural-tangents, f(params, xs) of all samples: shape (n, n, Q, Q)
    ntk = nt.empirical_ntk_fn(f, trace_axes=())
    np.save(\"kernel.npy\", ntk(xs, None, params))
    $ etastar thresholds kernel.npy --kernel-factor 2c
  Without trace_axes=() it averages over the outputs: that is another kernel.

A kernel (n, n, Q, Q) is saved as it is: reshaping it to (n·Q, n·Q) mixes its
rows and columns. Of a matrix nobody can see whether its rows are in the order
i·Q + q or q·n + i: say it with --layout.";

/// The file of the Gram matrix.
#[derive(Debug, Args)]
pub struct MatrixArgs {
    /// NumPy file of the Gram matrix G = A Aᵀ, H_i = A_iᵀA_i: real numbers of up to 64 bits, of
    /// shape (n·Q, n·Q), or (n, n, Q, Q) as JAX and neural-tangents give kernels
    #[arg(value_name = "GRAM.npy")]
    gram: PathBuf,
    /// Q, the number of outputs per sample; a kernel of shape (n, n, Q, Q) has it in its shape
    #[arg(long, value_name = "Q")]
    outputs: Option<usize>,
    /// Order of the rows of a matrix: sample (i·Q + q, the outputs of a sample together) or output
    /// (q·n + i) [default: sample]
    #[arg(long, value_name = "ORDER")]
    layout: Option<Layout>,
    /// Multiply the matrix: 2c turns an empirical neural tangent kernel into G
    #[arg(long, value_name = "F", default_value_t = 1.0)]
    kernel_factor: f64,
}

impl MatrixArgs {
    /// Checks the values of the arguments.
    pub fn check(&self) -> Result<(), UsageError> {
        if self.outputs == Some(0) {
            return Err(UsageError("--outputs must be at least 1, found 0".to_owned()));
        }
        if !(self.kernel_factor > 0.0 && self.kernel_factor.is_finite()) {
            return Err(UsageError(format!(
                "--kernel-factor must be a positive number, found {}",
                self.kernel_factor
            )));
        }
        Ok(())
    }

    /// Reads the matrix, if the memory is enough for its thresholds.
    pub fn read(&self) -> anyhow::Result<Gram> {
        let file = GramFile::open(&self.gram, self.outputs, self.layout)?;
        check_thresholds(file.side())?;
        Ok(file.read(self.kernel_factor)?)
    }
}
