//! IDX files, the format of MNIST: a magic number, big-endian dimensions, bytes.

use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::checksums;
use super::error::DataError;
use crate::input::{self, Wanted};

/// The labels or images of one file.
#[derive(Debug)]
pub struct IdxFile {
    /// Number of items, then the shape of one item.
    pub dimensions: Vec<usize>,
    pub bytes: Vec<u8>,
}

/// Reads `folder/name`, or `folder/name.gz` where that is missing, with `rank` dimensions.
///
/// # Errors
/// A missing, unreadable, truncated or corrupted file, or labels instead of images.
pub fn read(folder: &Path, name: &str, rank: u8) -> Result<IdxFile, DataError> {
    let (path, content) = read_content(folder, name)?;
    let idx = parse(&path, content.as_slice(), rank)?;
    checksums::verify(&path, name, &content)?;
    Ok(idx)
}

fn read_content(folder: &Path, name: &str) -> Result<(PathBuf, Vec<u8>), DataError> {
    let plain = folder.join(name);
    let gzipped = folder.join(format!("{name}.gz"));
    // The error of a link to nothing says so, be it the file or the folder.
    if plain.exists() || input::dangling_link(&plain).is_some() {
        return Ok((plain.clone(), read_file(&plain)?));
    }
    if !gzipped.exists() && !gzipped.is_symlink() {
        return Err(DataError::Missing { folder: folder.to_owned(), name: name.to_owned() });
    }
    let packed = read_file(&gzipped)?;
    let mut content = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut content).map_err(
        |source| match Wanted::Idx
            .fault(&packed, &gzipped)
            .filter(|_| !packed.starts_with(b"\x1f\x8b"))
        {
            Some(fault) => DataError::Malformed { path: gzipped.clone(), reason: fault },
            None => DataError::Unreadable { path: gzipped.clone(), source },
        },
    )?;
    Ok((gzipped, content))
}

fn read_file(path: &Path) -> Result<Vec<u8>, DataError> {
    input::read(path).map_err(|source| DataError::Unreadable { path: path.to_owned(), source })
}

fn parse(path: &Path, content: &[u8], rank: u8) -> Result<IdxFile, DataError> {
    let malformed = |reason: String| DataError::Malformed { path: path.to_owned(), reason };
    let header = 4 + 4 * usize::from(rank);
    match content.get(..4) {
        None => {
            return Err(malformed(format!(
                "only {} bytes, too short for an IDX file",
                content.len()
            )));
        }
        Some(&[0, 0, 8, found]) if found == rank => {}
        Some(&[0, 0, 8, 1]) => {
            return Err(malformed("it holds labels where images were expected".into()));
        }
        Some(&[0, 0, 8, 3]) => {
            return Err(malformed("it holds images where labels were expected".into()));
        }
        Some(magic) => {
            let unknown = || format!("it begins with {magic:02x?}");
            let kind = Wanted::Idx.fault(content, path).unwrap_or_else(unknown);
            return Err(malformed(format!("not an IDX file of bytes: {kind}")));
        }
    }
    let sizes =
        content.get(4..header).ok_or_else(|| malformed("truncated inside its header".into()))?;
    let dimensions: Vec<usize> =
        sizes.as_chunks::<4>().0.iter().map(|&bytes| u32::from_be_bytes(bytes) as usize).collect();
    if dimensions.contains(&0) {
        return Err(malformed(format!("empty: its header declares {dimensions:?} bytes")));
    }
    let expected = dimensions.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    let found = content.len() - header;
    if expected != Some(found) {
        let state =
            if expected.is_none_or(|expected| found < expected) { "truncated" } else { "too long" };
        return Err(malformed(format!(
            "{state}: its header declares {dimensions:?} bytes, it holds {found}"
        )));
    }
    Ok(IdxFile { dimensions, bytes: content[header..].to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(count: u32, bytes: &[u8]) -> Vec<u8> {
        [&[0, 0, 8, 1][..], &count.to_be_bytes(), bytes].concat()
    }

    fn error(content: &[u8], rank: u8) -> String {
        parse(Path::new("some-file"), content, rank).unwrap_err().to_string()
    }

    #[test]
    fn a_well_formed_file_is_read() {
        let idx = parse(Path::new("x"), &labels(3, &[7, 8, 9]), 1).unwrap();
        assert_eq!((idx.dimensions, idx.bytes), (vec![3], vec![7, 8, 9]));
    }

    #[test]
    fn every_error_names_the_file() {
        for (content, rank, words) in [
            (&b"ab"[..], 1, "too short"),
            (&b"PNG file"[..], 1, "not an IDX file"),
            (&labels(3, &[7, 8])[..], 1, "truncated"),
            (&labels(1, &[7, 8])[..], 1, "too long"),
            (&labels(3, &[7, 8, 9])[..], 3, "labels where images"),
            (&[0, 0, 8, 3, 0, 0][..], 3, "truncated inside its header"),
            (&labels(0, &[])[..], 1, "empty"),
            (&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0][..], 3, "empty"),
        ] {
            let text = error(content, rank);
            assert!(text.contains(words) && text.contains("some-file"), "{text}");
        }
    }
}
