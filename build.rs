//! Embeds the commit the program is built from, for the provenance of its results.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/index");
    let describe =
        Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output();
    let commit = match describe {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "unknown".to_owned(),
    };
    println!("cargo::rustc-env=ETASTAR_GIT_COMMIT={commit}");
}
