//! An array in a `.npy` file.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use faer::Mat;
use npyz::{DType, NpyHeader, Order, TypeChar};

use super::error::NpyError;
use super::number::NumberType;
use crate::input::{self, Wanted};

/// Reads a two-dimensional array of real numbers, in C or Fortran order.
///
/// # Errors
/// See [`NpyError`].
pub fn read_matrix(path: &Path) -> Result<Mat<f64>, NpyError> {
    let array = NpyArray::open(path)?;
    let &[rows, columns] = array.shape() else { return Err(array.wrong_rank()) };
    let mut matrix = Mat::zeros(rows, columns);
    array.for_each(|index, value| matrix[(index[0], index[1])] = value)?;
    Ok(matrix)
}

/// An array of real numbers whose header was read.
pub struct NpyArray {
    path: PathBuf,
    shape: Vec<usize>,
    order: Order,
    numbers: NumberType,
    reader: BufReader<File>,
}

impl NpyArray {
    /// Reads the header of the file at `path`, and checks that the numbers that it promises are there.
    ///
    /// # Errors
    /// No `.npy` file, not of real numbers, empty or truncated.
    pub fn open(path: &Path) -> Result<Self, NpyError> {
        let open = |source| NpyError::Open { path: path.into(), source };
        let file = input::open(path).map_err(open)?;
        let facts = file.metadata().map_err(open)?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let head = reader.fill_buf().map_err(open)?;
        if head.is_empty() {
            return Err(NpyError::Empty { path: path.into() });
        }
        if let Some(fault) = Wanted::Npy.fault(head, path) {
            return Err(NpyError::OtherKind { path: path.into(), fault });
        }
        let header = NpyHeader::from_reader(&mut reader)
            .map_err(|source| NpyError::Header { path: path.into(), source })?;
        if header.shape().contains(&0) {
            return Err(NpyError::NoNumbers { path: path.into(), shape: header.shape().to_vec() });
        }
        let numbers = NumberType::of(&header.dtype()).ok_or_else(|| NpyError::DataType {
            path: path.into(),
            found: describe(&header.dtype()),
        })?;
        // A pipe has no length; its end is noticed when it is read.
        let length = if facts.is_file() { facts.len() } else { u64::MAX };
        let shape = checked_shape(&header, numbers, length).ok_or_else(|| NpyError::Truncated {
            path: path.into(),
            expected: header.shape().iter().fold(1, |product, side| product.saturating_mul(*side)),
        })?;
        Ok(Self { path: path.into(), shape, order: header.order(), numbers, reader })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lengths of the axes, none of them 0.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// See [`NumberType::rounding`].
    pub fn rounding(&self) -> f64 {
        self.numbers.rounding()
    }

    /// The error that this is neither a matrix nor a kernel.
    pub fn wrong_rank(&self) -> NpyError {
        NpyError::Rank { path: self.path.clone(), shape: self.shape.clone() }
    }

    /// Calls `visit` with the index and the value of every number, in the order of the file.
    ///
    /// # Errors
    /// A truncated or unreadable file, or an integer that double precision cannot hold.
    pub fn for_each(mut self, mut visit: impl FnMut(&[usize], f64)) -> Result<(), NpyError> {
        let total: usize = self.shape.iter().product();
        let mut index = vec![0; self.shape.len()];
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..self.numbers.size()];
        for _ in 0..total {
            self.reader.read_exact(bytes).map_err(|source| match source.kind() {
                ErrorKind::UnexpectedEof => {
                    NpyError::Truncated { path: self.path.clone(), expected: total as u64 }
                }
                _ => NpyError::Read { path: self.path.clone(), source },
            })?;
            let value = self.numbers.decode(bytes).map_err(|value| NpyError::Inexact {
                path: self.path.clone(),
                index: index.clone(),
                value,
            })?;
            visit(&index, value);
            advance(&mut index, &self.shape, self.order);
        }
        Ok(())
    }
}

/// The shape, if `length` bytes are enough for it.
fn checked_shape(header: &NpyHeader, numbers: NumberType, length: u64) -> Option<Vec<usize>> {
    let bytes = header
        .shape()
        .iter()
        .try_fold(numbers.size() as u64, |product, side| product.checked_mul(*side))?;
    // The product fits, so every side does.
    (bytes <= length).then(|| header.shape().iter().map(|&side| side as usize).collect())
}

/// The index after `index`: in C order the last axis is the fastest, in Fortran's the first.
fn advance(index: &mut [usize], shape: &[usize], order: Order) {
    let step = |axis: usize, index: &mut [usize]| {
        index[axis] += 1;
        let done = index[axis] < shape[axis];
        if !done {
            index[axis] = 0;
        }
        done
    };
    let axes = 0..shape.len();
    let _wrapped = match order {
        Order::C => axes.rev().any(|axis| step(axis, index)),
        Order::Fortran => axes.into_iter().any(|axis| step(axis, index)),
    };
}

/// A data type that cannot be read, and NumPy's word for it.
fn describe(dtype: &DType) -> String {
    let descr = dtype.descr();
    let DType::Plain(plain) = dtype else { return format!("records {descr}") };
    match (plain.type_char(), plain.size_field()) {
        (TypeChar::Complex, _) => format!("complex numbers ({descr})"),
        (TypeChar::Float, _) => format!("long doubles ({descr})"),
        (TypeChar::Object, _) => format!("Python objects ({descr})"),
        // What NumPy makes of the types of ml_dtypes, which JAX uses.
        (TypeChar::RawData, 2) => {
            format!("two raw bytes for a number ({descr}), perhaps bfloat16, whose name .npy loses")
        }
        (TypeChar::RawData, _) => format!("raw bytes ({descr})"),
        _ => descr,
    }
}
