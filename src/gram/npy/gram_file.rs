//! Where the entries of an array belong in G.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use faer::Mat;

use super::array::{NpyArray, read_matrix};
use super::error::NpyError;
use crate::gram::matrix::{Gram, GramError};

/// Reads G from `path`, times `factor` (2c turns an empirical tangent kernel into G), with `outputs`
/// rows per sample: a matrix in blocks of them, or a kernel of shape (n, n, Q, Q).
///
/// # Errors
/// See [`NpyError`].
pub fn read_gram(path: &Path, outputs: usize, factor: f64) -> Result<Gram, NpyError> {
    GramFile::open(path, Some(outputs), None)?.read(factor)
}

/// The order of the rows of a matrix of n samples with Q outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// Row i·Q + q is output q of sample i.
    #[default]
    Sample,
    /// Row q·n + i is output q of sample i.
    Output,
}

impl Layout {
    const WORDS: [(&'static str, Self); 2] = [("sample", Self::Sample), ("output", Self::Output)];
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::WORDS.iter().find(|(_, layout)| layout == self);
        f.write_str(word.map_or("", |(word, _)| word))
    }
}

/// A word that is no layout.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is neither sample (rows i·Q + q) nor output (rows q·n + i)")]
pub struct UnknownLayout(String);

impl FromStr for Layout {
    type Err = UnknownLayout;

    fn from_str(word: &str) -> Result<Self, UnknownLayout> {
        let found = Self::WORDS.iter().find(|(known, _)| *known == word);
        found.map(|(_, layout)| *layout).ok_or_else(|| UnknownLayout(word.to_owned()))
    }
}

/// How an array holds G.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrangement {
    /// (n·Q, n·Q) with rows in this order.
    Matrix(Layout),
    /// (n, n, Q, Q): entry (i, j, k, l) couples output k of sample i with output l of sample j.
    Kernel,
}

/// A file whose shape is that of a Gram matrix.
pub struct GramFile {
    array: NpyArray,
    samples: usize,
    outputs: usize,
    arrangement: Arrangement,
}

impl GramFile {
    /// Opens the file at `path`: a matrix with `outputs` rows per sample, in the order `layout`, or a
    /// kernel of shape (n, n, Q, Q), which says both itself.
    ///
    /// # Errors
    /// See [`NpyError`].
    pub fn open(
        path: &Path,
        outputs: Option<usize>,
        layout: Option<Layout>,
    ) -> Result<Self, NpyError> {
        let array = NpyArray::open(path)?;
        match *array.shape() {
            [rows, columns] => Self::of_matrix(array, (rows, columns), outputs, layout),
            [a, b, c, d] => Self::of_kernel(array, [a, b, c, d], outputs, layout),
            _ => Err(array.wrong_rank()),
        }
    }

    fn of_matrix(
        array: NpyArray,
        (rows, columns): (usize, usize),
        outputs: Option<usize>,
        layout: Option<Layout>,
    ) -> Result<Self, NpyError> {
        let path = array.path();
        let refuse = |source| Err(NpyError::Gram { path: path.into(), source });
        if rows != columns {
            return refuse(GramError::NotSquare { rows, columns });
        }
        let Some(outputs) = outputs else {
            let shape = array.shape().to_vec();
            return Err(NpyError::OutputsUnknown { path: path.into(), shape });
        };
        if outputs == 0 {
            return refuse(GramError::Empty { rows, outputs });
        }
        if !rows.is_multiple_of(outputs) {
            return refuse(GramError::NotBlocked { rows, outputs });
        }
        let arrangement = Arrangement::Matrix(layout.unwrap_or_default());
        Ok(Self { array, samples: rows / outputs, outputs, arrangement })
    }

    fn of_kernel(
        array: NpyArray,
        [a, b, c, d]: [usize; 4],
        given: Option<usize>,
        layout: Option<Layout>,
    ) -> Result<Self, NpyError> {
        let (path, shape) = (array.path().to_owned(), array.shape().to_vec());
        if a != b || c != d {
            let interleaved = a == c && b == d;
            let hint = if interleaved {
                "; save K.transpose(0, 2, 1, 3), or K.reshape(n*Q, n*Q) and give --outputs"
            } else {
                ""
            };
            return Err(NpyError::Axes { path, shape, hint });
        }
        if let Some(given) = given.filter(|&given| given != c) {
            let hint = if given == a {
                "; if its axes are (Q, Q, n, n), save K.transpose(2, 3, 0, 1)"
            } else {
                ""
            };
            return Err(NpyError::OtherOutputs { path, shape, found: c, given, hint });
        }
        if layout == Some(Layout::Output) {
            return Err(NpyError::LayoutOfKernel { path, shape });
        }
        Ok(Self { array, samples: a, outputs: c, arrangement: Arrangement::Kernel })
    }

    /// n·Q, known before the numbers are read.
    pub fn side(&self) -> usize {
        self.samples.saturating_mul(self.outputs)
    }

    /// Reads G, times `factor`.
    ///
    /// # Errors
    /// See [`NpyError`].
    pub fn read(self, factor: f64) -> Result<Gram, NpyError> {
        let Self { samples, outputs, arrangement, .. } = self;
        let (path, rounding) = (self.array.path().to_owned(), self.array.rounding());
        let mut matrix = Mat::zeros(samples * outputs, samples * outputs);
        self.array.for_each(|index, value| {
            matrix[arrangement.place(index, samples, outputs)] = factor * value;
        })?;
        Gram::rounded(matrix, outputs, rounding).map_err(|source| {
            let asymmetric = matches!(source, GramError::NotSymmetric { .. });
            if asymmetric
                && arrangement == Arrangement::Matrix(Layout::Sample)
                && is_reshaped_kernel(&path, samples, outputs)
            {
                NpyError::ReshapedKernel { path }
            } else {
                NpyError::Gram { path, source }
            }
        })
    }
}

impl Arrangement {
    /// The place in G of the entry `index`.
    fn place(self, index: &[usize], samples: usize, outputs: usize) -> (usize, usize) {
        match (self, index) {
            (Self::Kernel, &[i, j, k, l]) => (i * outputs + k, j * outputs + l),
            (Self::Matrix(Layout::Output), &[row, column]) => {
                let place = |row: usize| row % samples * outputs + row / samples;
                (place(row), place(column))
            }
            _ => (index[0], index[1]),
        }
    }
}

/// Whether the matrix in `path` has the entries of a symmetric kernel (n, n, Q, Q) one after the other,
/// as `K.reshape(n*Q, n*Q)` leaves them.
fn is_reshaped_kernel(path: &Path, samples: usize, outputs: usize) -> bool {
    let Ok(matrix) = read_matrix(path) else { return false };
    let side = samples * outputs;
    if outputs == 1 || matrix.nrows() != side || matrix.ncols() != side {
        return false;
    }
    let entry = |i: usize, j: usize, k: usize, l: usize| {
        let place = ((i * samples + j) * outputs + k) * outputs + l;
        matrix[(place / side, place % side)]
    };
    let largest = matrix.norm_max();
    (0..samples).all(|i| {
        (0..=i).all(|j| {
            (0..outputs).all(|k| {
                (0..outputs).all(|l| {
                    (entry(i, j, k, l) - entry(j, i, l, k)).abs() <= Gram::ASYMMETRY * largest
                })
            })
        })
    })
}
