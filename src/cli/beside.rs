//! Where an answer about a minimum is written: a folder beside it, unless the user names another.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::exit::UsageError;

/// The folder, `out` or else `name` beside the minimum, and the path of `name`.csv in it, where nothing may be yet.
/// To be called before the long work, so that a folder that cannot be written costs none of it.
pub fn prepare(
    minimum: &Path,
    out: Option<&Path>,
    name: &str,
) -> anyhow::Result<(PathBuf, PathBuf)> {
    let beside = || minimum.parent().unwrap_or(Path::new("")).join(name);
    let folder = out.map_or_else(beside, Path::to_path_buf);
    let csv = folder.join(name).with_extension("csv");
    if csv.exists() {
        let text = format!("{} exists; choose another folder with --out", csv.display());
        return Err(UsageError(text).into());
    }
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    Ok((folder, csv))
}
