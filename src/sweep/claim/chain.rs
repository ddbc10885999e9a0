//! The numbered files of a claim.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::holder::Holder;
use super::{STALE, StoreError};
use crate::sweep::store::{io, set_permissions};

/// Names of links that are being written begin so.
const TEMPORARY: &str = ".claiming-";

/// One file of a chain.
#[derive(Debug, Clone)]
pub struct Link {
    folder: PathBuf,
    name: String,
    pub number: u64,
}

impl Link {
    pub fn path(&self) -> PathBuf {
        self.folder.join(format!("{}-{}", self.name, self.number))
    }

    /// Whether this is still the last link; in doubt it is.
    pub fn is_last(&self) -> bool {
        let last = last(&self.folder, &self.name).ok().flatten();
        last.is_none_or(|last| last.number <= self.number)
    }

    /// Renews the time of modification. A failure is made up for by the next one.
    pub fn renew(&self) {
        let file = File::options().write(true).open(self.path());
        let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
    }

    /// Empties the file. If that fails, the end of the process tells the same.
    pub fn give_back(&self) {
        let _ = File::options().write(true).open(self.path()).and_then(|file| file.set_len(0));
    }

    /// Removes a link that is not the last.
    pub fn remove(&self) {
        // One that stays does no harm: it is not the last.
        let _ = fs::remove_file(self.path());
    }
}

/// The last link of the chain `name` in `folder`, which need not exist.
pub fn last(folder: &Path, name: &str) -> Result<Option<Link>, StoreError> {
    Ok(links_of(&entries(folder)?, folder, name).max_by_key(|link| link.number))
}

/// Creates link `number` with `holder` as its content; `None` if somebody else did.
pub fn create(
    folder: &Path,
    name: &str,
    number: u64,
    holder: &Holder,
) -> Result<Option<Link>, StoreError> {
    let link = Link { folder: folder.to_owned(), name: name.to_owned(), number };
    let path = link.path();
    let content = serde_json::to_vec(holder)
        .map_err(|error| StoreError::Damaged { path: path.clone(), fault: error.to_string() })?;
    let attempt = || {
        let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
        file.write_all(&content)?;
        set_permissions(file.as_file())?;
        file.as_file().sync_all()?;
        match fs::hard_link(file.path(), &path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(is_ours(&file, &path)),
            Err(error) => Err(error),
            Ok(()) => Ok(true),
        }
    };
    Ok(attempt().map_err(io("claim", &path))?.then_some(link))
}

/// Whether `path` is the very file `temporary`: a file server may have linked it and its reply been
/// lost, and the repeated request then found the name taken.
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

/// Whether the new `link` is the last; then removes the links before it, and what killed takers
/// left, and otherwise itself.
pub fn settle(link: &Link) -> Result<bool, StoreError> {
    let entries = entries(&link.folder)?;
    let links: Vec<Link> = links_of(&entries, &link.folder, &link.name).collect();
    if links.iter().any(|other| other.number > link.number) {
        link.remove();
        return Ok(false);
    }
    links.iter().filter(|other| other.number < link.number).for_each(Link::remove);
    for (_, path) in entries.iter().filter(|(name, _)| name.starts_with(TEMPORARY)) {
        if age(path).is_ok_and(|age| age > STALE.as_secs_f64()) {
            let _ = fs::remove_file(path);
        }
    }
    Ok(true)
}

/// Seconds between the last modification and now, whichever clock is ahead.
pub fn age(path: &Path) -> std::io::Result<f64> {
    let modified = fs::metadata(path)?.modified()?;
    let age = SystemTime::now().duration_since(modified);
    Ok(age.unwrap_or_else(|ahead| ahead.duration()).as_secs_f64())
}

fn links_of<'a>(
    entries: &'a [(String, PathBuf)],
    folder: &'a Path,
    name: &'a str,
) -> impl Iterator<Item = Link> + 'a {
    let number = move |entry: &str| entry.strip_prefix(name)?.strip_prefix('-')?.parse().ok();
    let numbers = entries.iter().filter_map(move |(entry, _)| number(entry));
    numbers.map(|number| Link { folder: folder.to_owned(), name: name.to_owned(), number })
}

fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, StoreError> {
    let listing = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.map_err(io("list", folder))?,
    };
    let named = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into(), entry.path());
    listing.map(|entry| entry.map(named).map_err(io("list", folder))).collect()
}
