//! Where a page goes, and what must not be lost there.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::store::{StoreError, write_file};

/// How a page of ours begins, and what it says of itself further down, within [`HEAD`] bytes.
const BEGINNING: &[u8] = b"<!doctype html>";
const GENERATOR: &[u8] = b"<meta name=\"generator\" content=\"etastar";
const HEAD: u64 = 2048;

/// Where a report may be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Destination {
    /// A new file, or a report that is replaced as a whole.
    Page(PathBuf),
    /// A device or a pipe: it stays what it is, and the page goes into it.
    Stream(PathBuf),
    /// The same, of this program itself: nothing else can be said there.
    StandardOutput(PathBuf),
}

/// Where no report may be written.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    #[error(
        "{path} is a folder; name the file, for example {path}/report.html",
        path = .0.display()
    )]
    Folder(PathBuf),
    /// A file that somebody else wrote.
    #[error("{path} exists and is not a report of etastar; choose another with -o", path = .0.display())]
    Foreign(PathBuf),
    /// The operating system refused to tell.
    #[error("cannot look at {path}: {source}", path = .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
}

impl Destination {
    /// Looks at what is at `path`. To be called before the work.
    ///
    /// # Errors
    /// A folder, or a file that is no report.
    pub fn at(path: &Path) -> Result<Self, DestinationError> {
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

    /// As the user named it.
    pub fn path(&self) -> &Path {
        match self {
            Self::Page(path) | Self::Stream(path) | Self::StandardOutput(path) => path,
        }
    }

    /// Writes `page` there.
    ///
    /// # Errors
    /// The operating system refused.
    pub fn write(&self, page: &[u8]) -> Result<(), StoreError> {
        let written = match self {
            // A symbolic link stays one.
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

/// Whether a file, device or pipe is where this program's standard output goes, as `/dev/stdout` is.
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
