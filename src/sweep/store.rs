//! A results folder: what is written there is whole, and only one process writes a run.
//!
//! ```text
//! experiment.json            what all runs of the folder have in common
//! plan.json                  every run that was ever planned here
//! summary.csv, figures/      made from the records
//! runs/ID/record.json        written last: the run is finished
//! runs/ID/minimum.safetensors, history.csv, failure.json
//! runs/ID/claim-N, .lock-N   who is at work: see `claim`
//! ```

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::claim::{self, Claim};
use super::identity::RunId;

/// A results folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {action} {path}: {source}", path = .path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    /// A file of ours that is no longer one.
    #[error("{path} is damaged: {fault}; move it away and run again", path = .path.display())]
    Damaged { path: PathBuf, fault: String },
}

/// An open results folder.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// Names of temporary files begin so.
const TEMPORARY: &str = ".writing-";
/// Name of a run's claim.
const CLAIM: &str = "claim";
/// Between two looks at a folder that another process holds.
const POLL: Duration = Duration::from_millis(20);

impl Store {
    /// Creates the folder if needed, and makes sure that it can be written to.
    ///
    /// # Errors
    /// It cannot.
    pub fn create(root: &Path) -> Result<Self, StoreError> {
        let runs = root.join("runs");
        fs::create_dir_all(&runs).map_err(io("create the results folder", &runs))?;
        let store = Self { root: root.to_owned() };
        drop(store.lock()?);
        Ok(store)
    }

    /// Opens a folder for reading; it need not have any results yet.
    pub fn open(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `runs/ID`.
    pub fn run_folder(&self, id: &RunId) -> PathBuf {
        self.root.join("runs").join(id.as_str())
    }

    /// Holds the whole folder, waiting for whoever holds it: for the files that all runs share.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn lock(&self) -> Result<Claim, StoreError> {
        loop {
            if let Some(claim) = Claim::take(&self.root, ".lock")? {
                remove_leftovers(&self.root)?;
                return Ok(claim);
            }
            std::thread::sleep(POLL);
        }
    }

    /// Claims one run, or `None` if another process has it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn claim(&self, id: &RunId) -> Result<Option<Claim>, StoreError> {
        let folder = self.run_folder(id);
        fs::create_dir_all(&folder).map_err(io("create", &folder))?;
        let claim = Claim::take(&folder, CLAIM)?;
        if claim.is_some() {
            remove_leftovers(&folder)?;
        }
        Ok(claim)
    }

    /// Whether some process is at work on the run.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn is_claimed(&self, id: &RunId) -> Result<bool, StoreError> {
        claim::is_claimed(&self.run_folder(id), CLAIM)
    }
}

/// Writes `content` to a temporary file beside `path`, syncs it and renames it: at any moment `path`
/// is absent, old or new, never half of it.
///
/// # Errors
/// A full disk, a read-only folder, ….
pub fn write(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let attempt = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
        file.write_all(content)?;
        set_permissions(file.as_file())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        // The rename is durable only once the folder is.
        File::open(folder)?.sync_all()
    };
    attempt().map_err(io("write", path))
}

/// Writes `value` as readable JSON, like [`write()`].
///
/// # Errors
/// Those of [`write()`].
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), StoreError> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| StoreError::Damaged { path: path.to_owned(), fault: error.to_string() })?;
    text.push(b'\n');
    write(path, &text)
}

/// Reads a JSON file; `None` if there is none.
///
/// # Errors
/// Unreadable or not what was written there.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let Some(text) = read(path)? else { return Ok(None) };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| StoreError::Damaged { path: path.to_owned(), fault: error.to_string() })
}

/// The content of a file; `None` if there is none.
///
/// # Errors
/// The operating system refused.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("read", path)(error)),
    }
}

/// Renames a file that cannot be trusted to the first free `NAME.set-aside-K`, and returns that.
///
/// # Errors
/// The operating system refused.
pub fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let free = (1..).map(|k| path.with_file_name(format!("{name}.set-aside-{k}")));
    let to = free.into_iter().find(|to| !to.exists()).unwrap_or_else(|| path.to_owned());
    fs::rename(path, &to).map_err(io("set aside", path))?;
    Ok(to)
}

/// Removes a file that need not exist.
///
/// # Errors
/// The operating system refused.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// A process that was killed may have left temporary files; whoever holds the lock clears them.
fn remove_leftovers(folder: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(io("list", folder))? {
        let entry = entry.map_err(io("list", folder))?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Temporary files are private; results are for everyone whom the folder lets in.
#[cfg(unix)]
pub(super) fn set_permissions(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
pub(super) fn set_permissions(_: &File) -> std::io::Result<()> {
    Ok(())
}

/// An error of the operating system while it should `action` the file `path`.
pub(super) fn io<'p>(
    action: &'static str,
    path: &'p Path,
) -> impl FnOnce(std::io::Error) -> StoreError + 'p {
    move |source| StoreError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> RunId {
        serde_json::from_value(serde_json::json!(text)).unwrap()
    }

    #[test]
    fn a_claimed_run_cannot_be_claimed_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let claim = store.claim(&id("a")).unwrap();
        assert!(claim.is_some() && store.is_claimed(&id("a")).unwrap());
        assert!(store.claim(&id("a")).unwrap().is_none());
        assert!(store.claim(&id("b")).unwrap().is_some());
        drop(claim);
        assert!(!store.is_claimed(&id("a")).unwrap());
    }

    #[test]
    fn leftovers_of_a_killed_process_are_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        drop(store.claim(&id("a")).unwrap());
        let leftover = store.run_folder(&id("a")).join(".writing-xyz");
        fs::write(&leftover, "half").unwrap();
        drop(store.claim(&id("a")).unwrap());
        assert!(!leftover.exists());
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        fs::write(&path, "{ half").unwrap();
        let error = read_json::<serde_json::Value>(&path).unwrap_err().to_string();
        assert!(error.contains("plan.json is damaged"), "{error}");
        assert!(read_json::<serde_json::Value>(&folder.path().join("none")).unwrap().is_none());
    }
}
