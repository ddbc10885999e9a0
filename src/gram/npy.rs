//! Gram matrices from NumPy's `.npy` files.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use faer::Mat;
use npyz::{DType, NpyFile, Order, TypeChar};

use super::matrix::{Gram, GramError};

/// Why a file cannot be read as a Gram matrix.
#[derive(Debug, thiserror::Error)]
pub enum NpyError {
    /// Missing, unreadable.
    #[error("cannot open {path}: {source}")]
    Open { path: PathBuf, source: io::Error },
    /// No bytes at all.
    #[error("{path} is empty")]
    Empty { path: PathBuf },
    /// No `.npy` header.
    #[error("{path} is not a .npy file: {source}")]
    Header { path: PathBuf, source: io::Error },
    /// Integers, complex numbers, objects, half precision…
    #[error("{path} holds {dtype}; a Gram matrix is float64 or float32 (NumPy: `.astype(float)`)")]
    DataType { path: PathBuf, dtype: String },
    /// Vectors and tensors.
    #[error("{path} has {dimensions} dimensions {shape:?}; a Gram matrix has 2")]
    Rank { path: PathBuf, dimensions: usize, shape: Vec<u64> },
    /// A side of length 0.
    #[error("{path} has the shape ({rows}, {columns}): there is nothing in it")]
    NoNumbers { path: PathBuf, rows: u64, columns: u64 },
    /// Fewer numbers than the header promises.
    #[error("{path} is truncated: its header promises {expected} numbers ({source})")]
    Truncated { path: PathBuf, expected: u64, source: io::Error },
    /// The numbers are no Gram matrix.
    #[error("{path}: {source}")]
    Gram { path: PathBuf, source: GramError },
}

/// Reads G from `path`, times `factor` (2c turns an empirical tangent kernel into G), in blocks of
/// `outputs` rows per sample.
///
/// # Errors
/// See [`NpyError`].
pub fn read_gram(path: &Path, outputs: usize, factor: f64) -> Result<Gram, NpyError> {
    let (mut matrix, rounding) = read_rounded(path)?;
    if factor != 1.0 {
        matrix.col_iter_mut().for_each(|column| column.iter_mut().for_each(|x| *x *= factor));
    }
    let gram = Gram::new(matrix, outputs);
    let gram = gram.map_err(|source| NpyError::Gram { path: path.into(), source })?;
    Ok(gram.rounded_to(rounding))
}

/// Reads a two-dimensional array of float64 or float32, in C or Fortran order.
///
/// # Errors
/// See [`NpyError`].
pub fn read_matrix(path: &Path) -> Result<Mat<f64>, NpyError> {
    Ok(read_rounded(path)?.0)
}

/// The array and the relative rounding of its numbers.
fn read_rounded(path: &Path) -> Result<(Mat<f64>, f64), NpyError> {
    let open = |source| NpyError::Open { path: path.into(), source };
    let file = File::open(path).map_err(open)?;
    let length = file.metadata().map_err(open)?.len();
    if length == 0 {
        return Err(NpyError::Empty { path: path.into() });
    }
    let npy = NpyFile::new(BufReader::with_capacity(1 << 20, file))
        .map_err(|source| NpyError::Header { path: path.into(), source })?;
    let &[rows, columns] = npy.shape() else {
        let shape = npy.shape().to_vec();
        return Err(NpyError::Rank { path: path.into(), dimensions: shape.len(), shape });
    };
    if rows == 0 || columns == 0 {
        return Err(NpyError::NoNumbers { path: path.into(), rows, columns });
    }
    check_length(path, length, &npy)?;
    match float_size(&npy.dtype()) {
        Some(8) => Ok((collect::<f64, _>(npy, rows, columns, path)?, f64::EPSILON)),
        Some(4) => Ok((collect::<f32, _>(npy, rows, columns, path)?, f64::from(f32::EPSILON))),
        _ => Err(NpyError::DataType { path: path.into(), dtype: npy.dtype().descr() }),
    }
}

/// Bytes per number, None unless the array holds plain floats.
fn float_size(dtype: &DType) -> Option<u64> {
    match dtype {
        DType::Plain(plain) if plain.type_char() == TypeChar::Float => Some(plain.size_field()),
        _ => None,
    }
}

/// Compares the size in the header with the file's, before memory is allocated for it.
fn check_length<R: Read>(path: &Path, length: u64, npy: &NpyFile<R>) -> Result<(), NpyError> {
    let expected = npy.shape().iter().try_fold(1_u64, |product, side| product.checked_mul(*side));
    let needed = expected.zip(float_size(&npy.dtype())).and_then(|(n, size)| n.checked_mul(size));
    match (expected, needed) {
        (_, Some(needed)) if needed <= length => Ok(()),
        // The data type is refused by the caller, with its own message.
        (Some(_), None) if float_size(&npy.dtype()).is_none() => Ok(()),
        _ => Err(NpyError::Truncated {
            path: path.into(),
            expected: expected.unwrap_or(u64::MAX),
            source: io::ErrorKind::UnexpectedEof.into(),
        }),
    }
}

fn collect<T: npyz::Deserialize + Into<f64>, R: Read>(
    npy: NpyFile<R>,
    rows: u64,
    columns: u64,
    path: &Path,
) -> Result<Mat<f64>, NpyError> {
    let order = npy.order();
    let truncated =
        |source| NpyError::Truncated { path: path.into(), expected: rows * columns, source };
    let mut matrix = Mat::zeros(rows as usize, columns as usize);
    let numbers = npy.data::<T>().map_err(|e| truncated(io::Error::other(e)))?;
    for (k, number) in numbers.enumerate() {
        let at = match order {
            Order::C => (k / columns as usize, k % columns as usize),
            Order::Fortran => (k % rows as usize, k / rows as usize),
        };
        matrix[at] = number.map_err(truncated)?.into();
    }
    Ok(matrix)
}
