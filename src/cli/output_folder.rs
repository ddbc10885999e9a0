//! The folder that an experiment around a saved minimum writes to.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::exit::UsageError;

/// An output folder and the CSV in it, which does not exist yet.
pub struct OutputFolder {
    pub path: PathBuf,
    pub csv: PathBuf,
}

impl OutputFolder {
    /// Creates the folder `out`, or by default the folder `name` next to the minimum. Its CSV is
    /// `name`.csv. Call this before the long computation, so that an unusable folder fails early.
    ///
    /// # Errors
    /// The CSV exists already, or the folder cannot be created.
    pub fn create(minimum: &Path, out: Option<&Path>, name: &str) -> anyhow::Result<Self> {
        let next_to_minimum = || minimum.parent().unwrap_or(Path::new("")).join(name);
        let path = out.map_or_else(next_to_minimum, Path::to_path_buf);
        let csv = path.join(name).with_extension("csv");
        if csv.exists() {
            let text = format!("{} exists; choose another folder with --out", csv.display());
            return Err(UsageError(text).into());
        }
        std::fs::create_dir_all(&path)
            .with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { path, csv })
    }
}
