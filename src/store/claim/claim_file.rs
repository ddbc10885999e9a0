//! The numbered files of a claim.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::holder::Holder;
use super::timing::STALE_AFTER;
use crate::store::error::{StoreError, io_error};
use crate::store::files::set_permissions;

/// Prefix of the names of claim files that are being written.
const TEMPORARY_PREFIX: &str = ".claiming-";

/// One numbered file of a claim.
#[derive(Debug, Clone)]
pub struct ClaimFile {
    folder: PathBuf,
    name: String,
    pub number: u64,
}

impl ClaimFile {
    pub fn path(&self) -> PathBuf {
        self.folder.join(format!("{}-{}", self.name, self.number))
    }

    /// Whether there is no later file; true if the folder cannot be read.
    pub fn is_latest(&self) -> bool {
        let latest = latest(&self.folder, &self.name).ok().flatten();
        latest.is_none_or(|latest| latest.number <= self.number)
    }

    /// Renews the modification time. A failure does no harm: the next renewal makes up for it.
    pub fn renew(&self) {
        let file = File::options().write(true).open(self.path());
        let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
    }

    /// Empties the file. If that fails, the claim is free once this process has ended.
    pub fn release(&self) {
        let _ = File::options().write(true).open(self.path()).and_then(|file| file.set_len(0));
    }

    /// Removes a file that is not the latest.
    pub fn remove(&self) {
        // If it stays, it has no effect, as it is not the latest.
        let _ = fs::remove_file(self.path());
    }
}

/// The latest file of the claim `name` in `folder`, which need not exist.
pub fn latest(folder: &Path, name: &str) -> Result<Option<ClaimFile>, StoreError> {
    Ok(claim_files(&entries(folder)?, folder, name).max_by_key(|file| file.number))
}

/// Creates file `number` with `holder` as its content; `None` if another process did.
pub fn create(
    folder: &Path,
    name: &str,
    number: u64,
    holder: &Holder,
) -> Result<Option<ClaimFile>, StoreError> {
    let claim = ClaimFile { folder: folder.to_owned(), name: name.to_owned(), number };
    let path = claim.path();
    let content = serde_json::to_vec(holder)
        .map_err(|error| StoreError::Damaged { path: path.clone(), fault: error.to_string() })?;
    let attempt = || {
        let mut file = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(folder)?;
        file.write_all(&content)?;
        set_permissions(file.as_file())?;
        file.as_file().sync_all()?;
        match fs::hard_link(file.path(), &path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(is_ours(&file, &path)),
            Err(error) => Err(error),
            Ok(()) => Ok(true),
        }
    };
    Ok(attempt().map_err(io_error("claim", &path))?.then_some(claim))
}

/// Whether `path` is the same file as `temporary`: if the file server linked it but its reply was lost,
/// the repeated request finds that the name exists.
#[cfg(unix)]
fn is_ours(temporary: &tempfile::NamedTempFile, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (temporary.as_file().metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(theirs)) => (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_ours(_: &tempfile::NamedTempFile, _: &Path) -> bool {
    false
}

/// Whether the newly created `file` is the latest. If so, removes the earlier files and the temporary
/// files of killed processes; if not, removes `file`.
pub fn confirm(file: &ClaimFile) -> Result<bool, StoreError> {
    let entries = entries(&file.folder)?;
    let files: Vec<ClaimFile> = claim_files(&entries, &file.folder, &file.name).collect();
    if files.iter().any(|other| other.number > file.number) {
        file.remove();
        return Ok(false);
    }
    files.iter().filter(|other| other.number < file.number).for_each(ClaimFile::remove);
    for (_, path) in entries.iter().filter(|(name, _)| name.starts_with(TEMPORARY_PREFIX)) {
        if age(path).is_ok_and(|age| age > STALE_AFTER.as_secs_f64()) {
            let _ = fs::remove_file(path);
        }
    }
    Ok(true)
}

/// Seconds between the last modification and now; positive even if the file server's clock is ahead.
pub fn age(path: &Path) -> std::io::Result<f64> {
    let modified = fs::metadata(path)?.modified()?;
    let age = SystemTime::now().duration_since(modified);
    Ok(age.unwrap_or_else(|ahead| ahead.duration()).as_secs_f64())
}

fn claim_files<'a>(
    entries: &'a [(String, PathBuf)],
    folder: &'a Path,
    name: &'a str,
) -> impl Iterator<Item = ClaimFile> + 'a {
    let number = move |entry: &str| entry.strip_prefix(name)?.strip_prefix('-')?.parse().ok();
    let numbers = entries.iter().filter_map(move |(entry, _)| number(entry));
    numbers.map(|number| ClaimFile { folder: folder.to_owned(), name: name.to_owned(), number })
}

fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, StoreError> {
    let listing = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.map_err(io_error("list", folder))?,
    };
    let named = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into(), entry.path());
    listing.map(|entry| entry.map(named).map_err(io_error("list", folder))).collect()
}
