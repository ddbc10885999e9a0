//! Files that are written as a whole or not at all.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{StoreError, io_error};

/// Prefix of the names of temporary files.
const TEMPORARY_PREFIX: &str = ".writing-";

/// Writes `content` to a temporary file beside `path`, syncs it and renames it: at any moment `path`
/// is absent, old or new, never half of it.
///
/// # Errors
/// A full disk, a read-only folder, ….
pub fn write_file(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let attempt = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(folder)?;
        file.write_all(content)?;
        set_permissions(file.as_file())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        // The rename is durable only once the folder is.
        File::open(folder)?.sync_all()
    };
    attempt().map_err(io_error("write", path))
}

/// Writes `value` as indented JSON, like [`write_file()`].
///
/// # Errors
/// Those of [`write_file()`].
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), StoreError> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| StoreError::Damaged { path: path.to_owned(), fault: error.to_string() })?;
    text.push(b'\n');
    write_file(path, &text)
}

/// Reads a JSON file; `None` if it does not exist.
///
/// # Errors
/// The file is unreadable, or is not JSON of a `T`.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let Some(text) = read_file(path)? else { return Ok(None) };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| StoreError::Damaged { path: path.to_owned(), fault: error.to_string() })
}

/// The content of a file; `None` if it does not exist.
///
/// # Errors
/// The operating system refused.
pub fn read_file(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", path)(error)),
    }
}

/// Renames a file that cannot be trusted to the first unused `NAME.set-aside-K`; returns the new path.
///
/// # Errors
/// The operating system refused.
pub fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let free = (1..).map(|k| path.with_file_name(format!("{name}.set-aside-{k}")));
    let to = free.into_iter().find(|to| !to.exists()).unwrap_or_else(|| path.to_owned());
    fs::rename(path, &to).map_err(io_error("set aside", path))?;
    Ok(to)
}

/// Removes a file, if it exists.
///
/// # Errors
/// The operating system refused.
pub fn remove_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io_error("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes temporary files of killed processes. To be called with the claim on `folder`.
pub(super) fn remove_leftovers(folder: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(io_error("list", folder))? {
        let entry = entry.map_err(io_error("list", folder))?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY_PREFIX) {
            remove_file(&entry.path())?;
        }
    }
    Ok(())
}

/// Makes a temporary file, which is created private, readable for everyone with access to the folder.
#[cfg(unix)]
pub(in crate::store) fn set_permissions(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
pub(in crate::store) fn set_permissions(_: &File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
