//! The program itself.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program in `folder`.
pub fn etastar(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the program can be started")
}

/// The program in `folder`, not yet started.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etastar"));
    command.current_dir(folder).args(arguments).env_remove("ETASTAR_LOG");
    command
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
