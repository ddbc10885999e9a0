//! Slurm's commands as small scripts that keep a queue in a folder and note how they were called.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The commands and their state.
pub struct FakeSlurm {
    folder: TempDir,
}

/// Lines that every command begins with: `$state` is the folder of the state.
const PREAMBLE: &str = r#"#!/bin/bash
state=$(dirname "$0")/../state
env -0 | tr '\n\0' ' \n' >> "$state/environment"
echo "$(basename "$0") $*" >> "$state/calls"
"#;

/// Takes the script into the queue; `refuse` has the message of a refusal, `kill` ends the caller after
/// the job was taken, `mute` prints no number.
const SBATCH: &str = r#"
if [ -e "$state/refuse" ]; then cat "$state/refuse" >&2; exit 1; fi
number=$(($(cat "$state/last" 2>/dev/null || echo 100) + 1))
echo $number > "$state/last"
script=${*: -1}
cp "$script" "$state/script-$number"
echo "$number|$(realpath "$script")" >> "$state/queue"
if [ -e "$state/kill" ]; then kill -KILL $PPID; fi
if [ -e "$state/mute" ]; then exit 0; fi
echo $number
"#;

const SQUEUE: &str = r#"
touch "$state/queue"
case "$*" in
*%o*) cat "$state/queue" ;;
*%K*)
    while IFS='|' read -r number script; do
        case ",${*: -1}," in *",$number,"*) ;; *) continue ;; esac
        last=$(sed -n 's/^#SBATCH --array=0-\([0-9]*\).*/\1/p' "$state/script-$number")
        for i in $(seq 0 "${last:--1}"); do echo "$number|$i|PENDING|Priority"; done
    done < "$state/queue" ;;
esac
"#;

const SCONTROL: &str = r#"
case "$*" in
"show config")
    echo "ClusterName             = fake"
    echo "MaxArraySize            = $(cat "$state/array_size" 2>/dev/null || echo 1001)"
    echo "MaxJobCount             = 10000" ;;
*"show job"*)
    if [ -e "$state/job" ]; then cat "$state/job"; else
        echo "slurm_load_jobs error: Invalid job id specified" >&2
        exit 1
    fi ;;
esac
"#;

impl FakeSlurm {
    /// An empty queue.
    pub fn new() -> Self {
        let fake = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["bin", "state"] {
            fs::create_dir(fake.folder.path().join(name)).unwrap();
        }
        for (name, code) in
            [("sbatch", SBATCH), ("squeue", SQUEUE), ("scontrol", SCONTROL), ("sacct", "exit 1\n")]
        {
            let path = fake.folder.path().join("bin").join(name);
            fs::write(&path, format!("{PREAMBLE}{code}")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fake
    }

    /// Lets `command` find these commands first, and no variables of a real Slurm.
    pub fn set_on(&self, command: &mut Command) {
        let path = std::env::var("PATH").unwrap_or_default();
        let own = self.folder.path().join("bin");
        command.env("PATH", format!("{}:{path}", own.display()));
        for (name, _) in std::env::vars().filter(|(name, _)| is_of_slurm(name)) {
            command.env_remove(name);
        }
    }

    /// Writes a file of the state, which changes what the commands do.
    pub fn set(&self, name: &str, content: &str) {
        fs::write(self.state(name), content).unwrap();
    }

    /// Removes a file of the state.
    pub fn unset(&self, name: &str) {
        fs::remove_file(self.state(name)).unwrap();
    }

    /// The paths of the scripts in the queue.
    pub fn queue(&self) -> Vec<String> {
        let lines = self.read("queue");
        lines.lines().map(|line| line.split_once('|').unwrap().1.to_owned()).collect()
    }

    /// The script of the last job.
    pub fn last_script(&self) -> String {
        self.read(&format!("script-{}", self.read("last").trim()))
    }

    /// How the commands were called.
    pub fn calls(&self) -> Vec<String> {
        self.read("calls").lines().map(str::to_owned).collect()
    }

    /// The variables of all commands so far, `NAME=VALUE`.
    pub fn environment(&self) -> Vec<String> {
        self.read("environment").lines().map(str::to_owned).collect()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.state(name)).unwrap_or_default()
    }

    fn state(&self, name: &str) -> PathBuf {
        self.folder.path().join("state").join(name)
    }
}

/// Whether Slurm reads or writes the variable.
pub fn is_of_slurm(name: &str) -> bool {
    ["SLURM", "SBATCH", "SRUN", "SALLOC", "SQUEUE", "SACCT", "SCONTROL"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// Every file and folder below `folder`, with the content of the files.
pub fn tree(folder: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path.clone());
                found.push((path, None));
            } else {
                let content = fs::read(&path).unwrap();
                found.push((path, Some(content)));
            }
        }
    }
    found.sort();
    found
}
