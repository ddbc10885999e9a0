//! Writes files that are either complete or absent.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::Builder;

use super::error::FiguresError;

/// Writes `content` beside `path` under a temporary name, then renames it.
///
/// # Errors
/// [`FiguresError::Write`] with the path that was meant.
pub fn write(path: &Path, content: &[u8]) -> Result<(), FiguresError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    replace(folder, path, content)
        .map_err(|source| FiguresError::Write { path: path.to_owned(), source })
}

fn replace(folder: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut builder = Builder::new();
    // Temporary files are private by default; figures are as public as other new files.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".figure-").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
