//! The destination of a page. Files of others are not overwritten.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::store::{StoreError, write_file};

/// The beginning of every report, and its generator tag within the first [`HEAD`] bytes.
const BEGINNING: &[u8] = b"<!doctype html>";
const GENERATOR: &[u8] = b"<meta name=\"generator\" content=\"etastar";
const HEAD: u64 = 2048;

/// Where a report may be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Destination {
    /// A new file, or an existing report that is replaced.
    Page(PathBuf),
    /// A device or a pipe, which the page is written into.
    Stream(PathBuf),
    /// The standard output of this program: nothing else may be printed there.
    StandardOutput(PathBuf),
}

/// A path where no report may be written.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    #[error(
        "{path} is a folder; name the file, for example {path}/report.html",
        path = .0.display()
    )]
    Folder(PathBuf),
    /// A file that is not a report.
    #[error("{path} exists and is not a report of etastar; choose another with -o", path = .0.display())]
    Foreign(PathBuf),
    /// The path cannot be inspected.
    #[error("cannot inspect {path}: {source}", path = .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
}

impl Destination {
    /// Inspects what is at `path`. Call this before the report is computed.
    ///
    /// # Errors
    /// A folder, or a file that is not a report.
    pub fn check(path: &Path) -> Result<Self, DestinationError> {
        let name = || path.to_owned();
        let unreadable = |source| DestinationError::Unreadable { path: name(), source };
        let found = match fs::metadata(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Page(name())),
            Err(error) => return Err(unreadable(error)),
        };
        if is_standard_output(&found) {
            Ok(Self::StandardOutput(name()))
        } else if found.is_dir() {
            Err(DestinationError::Folder(name()))
        } else if !found.is_file() {
            Ok(Self::Stream(name()))
        } else if is_report(path).map_err(unreadable)? {
            Ok(Self::Page(name()))
        } else {
            Err(DestinationError::Foreign(name()))
        }
    }

    /// The path as the user wrote it.
    pub fn path(&self) -> &Path {
        match self {
            Self::Page(path) | Self::Stream(path) | Self::StandardOutput(path) => path,
        }
    }

    /// Writes `page`.
    ///
    /// # Errors
    /// An error of the operating system.
    pub fn write(&self, page: &[u8]) -> Result<(), StoreError> {
        let written = match self {
            // A symbolic link stays one, and its target is replaced.
            Self::Page(path) => {
                let target = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
                return write_file(&target, page);
            }
            Self::Stream(path) => {
                OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(page))
            }
            Self::StandardOutput(_) => {
                let mut out = io::stdout().lock();
                out.write_all(page).and_then(|()| out.flush())
            }
        };
        let io = |source| StoreError::Io { action: "write", path: self.path().to_owned(), source };
        written.map_err(io)
    }
}

/// Whether this program wrote the file.
fn is_report(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    let generator = head.windows(GENERATOR.len()).any(|part| part == GENERATOR);
    Ok(generator && head.starts_with(BEGINNING))
}

/// Whether a file, device or pipe is the standard output of this program, like `/dev/stdout`.
#[cfg(unix)]
fn is_standard_output(found: &Metadata) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let own = io::stdout().as_fd().try_clone_to_owned().and_then(|out| File::from(out).metadata());
    own.is_ok_and(|own| (own.dev(), own.ino()) == (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn is_standard_output(_: &Metadata) -> bool {
    false
}
