//! Why a file cannot be read as a Gram matrix.

use std::io;
use std::path::PathBuf;

use crate::gram::matrix::GramError;

/// Why a file cannot be read as a Gram matrix.
#[derive(Debug, thiserror::Error)]
pub enum NpyError {
    /// Missing, unreadable.
    #[error("cannot open {path}: {source}", path = .path.display())]
    Open { path: PathBuf, source: io::Error },
    /// No bytes at all.
    #[error("{path} is empty; save the array again", path = .path.display())]
    Empty { path: PathBuf },
    /// Another kind of file.
    #[error("{path} is not a .npy file: {fault}", path = .path.display())]
    OtherKind { path: PathBuf, fault: String },
    /// No `.npy` header.
    #[error("{path} is not a .npy file: {source}; write it with np.save", path = .path.display())]
    Header { path: PathBuf, source: io::Error },
    /// Complex numbers, objects, raw bytes, long doubles…
    #[error("{path} holds {found}; save real numbers: np.save(…, array.astype(float))", path = .path.display())]
    DataType { path: PathBuf, found: String },
    /// Vectors and tensors.
    #[error(
        "{path} has {} dimensions {shape:?}; a Gram matrix has 2, (n·Q, n·Q), or 4, (n, n, Q, Q)",
        shape.len(), path = .path.display()
    )]
    Rank { path: PathBuf, shape: Vec<usize> },
    /// A side of length 0.
    #[error("{path} has the shape {shape:?}: there is nothing in it", path = .path.display())]
    NoNumbers { path: PathBuf, shape: Vec<u64> },
    /// Fewer numbers than the header promises.
    #[error(
        "{path} is truncated: its header promises {expected} numbers; copy or save it again",
        path = .path.display()
    )]
    Truncated { path: PathBuf, expected: u64 },
    /// The operating system refused in the middle of the file.
    #[error("cannot read {path}: {source}", path = .path.display())]
    Read { path: PathBuf, source: io::Error },
    /// An integer that no double-precision number equals.
    #[error(
        "{path}: entry {index:?} is {value}, which double precision cannot hold exactly; save \
         array.astype(float) if its rounding does not matter", path = .path.display()
    )]
    Inexact { path: PathBuf, index: Vec<usize>, value: i128 },
    /// A matrix does not say how many of its rows are a sample's.
    #[error(
        "{path} has the shape {shape:?}: give --outputs Q, the number of outputs per sample \
         (a kernel of shape (n, n, Q, Q) needs none)", path = .path.display()
    )]
    OutputsUnknown { path: PathBuf, shape: Vec<usize> },
    /// The shape of a kernel and the number of outputs that was given.
    #[error(
        "{path} has the shape {shape:?}, (n, n, Q, Q) with Q = {found} outputs per sample, not the \
         {given} that are asked for{hint}", path = .path.display()
    )]
    OtherOutputs {
        path: PathBuf,
        shape: Vec<usize>,
        found: usize,
        given: usize,
        hint: &'static str,
    },
    /// Four dimensions that are not (n, n, Q, Q).
    #[error("{path} has the shape {shape:?}, not (n, n, Q, Q){hint}", path = .path.display())]
    Axes { path: PathBuf, shape: Vec<usize>, hint: &'static str },
    /// The order of a kernel's rows is in its shape.
    #[error(
        "{path} has the shape {shape:?}: a kernel (n, n, Q, Q) has no order of rows, leave --layout \
         out; if its axes are (Q, Q, n, n), save K.transpose(2, 3, 0, 1)", path = .path.display()
    )]
    LayoutOfKernel { path: PathBuf, shape: Vec<usize> },
    /// A kernel (n, n, Q, Q) whose axes were joined without bringing them into the rows' order.
    #[error(
        "{path} is a kernel (n, n, Q, Q) that was reshaped as it was, which mixes rows and columns; \
         save the kernel itself, or K.transpose(0, 2, 1, 3).reshape(n*Q, n*Q)", path = .path.display()
    )]
    ReshapedKernel { path: PathBuf },
    /// The numbers are no Gram matrix.
    #[error("{path}: {source}", path = .path.display())]
    Gram { path: PathBuf, source: GramError },
}
