//! Completions and manual pages know every subcommand that `--help` lists.

use std::fs;
use std::path::Path;

use crate::common::program::{etastar, stderr, stdout};

/// The subcommands in the program's own help.
fn subcommands() -> Vec<String> {
    let help = stdout(&etastar(Path::new("."), &["--help"]));
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    // Names stand at two spaces; their descriptions go on further in.
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|n| *n != "help");
    names.map(str::to_owned).collect()
}

#[test]
fn completions_of_every_shell_know_every_subcommand() {
    let commands = subcommands();
    assert!(commands.len() >= 9, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = etastar(Path::new("."), &["completions", shell]);
        assert!(output.status.success(), "{}", stderr(&output));
        let script = stdout(&output);
        for command in &commands {
            assert!(script.contains(command.as_str()), "{shell}: {command}");
        }
        assert!(script.contains("dry-run"), "{shell}: options of subcommands");
    }
    let unknown = etastar(Path::new("."), &["completions", "tcsh"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("bash, elvish, fish"), "{}", stderr(&unknown));
}

#[test]
fn bash_completes_a_subcommand_and_its_flags() {
    let folder = tempfile::tempdir().unwrap();
    let script = etastar(folder.path(), &["completions", "bash"]);
    fs::write(folder.path().join("etastar.bash"), script.stdout).unwrap();
    let complete = |words: &str, last: usize| {
        let ask = format!(
            "source etastar.bash; COMP_WORDS=({words}); COMP_CWORD={last}; \
             _etastar etastar \"${{COMP_WORDS[{last}]}}\" \"\"; echo \"${{COMPREPLY[@]}}\""
        );
        let mut bash = std::process::Command::new("bash");
        let output = bash.arg("-c").arg(ask).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).trim().to_owned()
    };
    assert_eq!(complete("etastar sw", 1), "sweep");
    assert_eq!(complete("etastar sweep --dry", 2), "--dry-run");
    assert_eq!(complete("etastar completions fi", 2), "fish");
}

#[test]
fn there_is_a_manual_page_for_every_subcommand() {
    let folder = tempfile::tempdir().unwrap();
    let output = etastar(folder.path(), &["man", "--out", "man/man1"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let read = |name: &str| fs::read_to_string(folder.path().join("man/man1").join(name)).unwrap();
    let main = read("etastar.1");
    assert_eq!(stdout(&etastar(folder.path(), &["man"])), main);
    assert!(main.contains("Exit codes: 0 success"), "{main}");
    let commands = subcommands();
    for command in &commands {
        assert!(main.contains(&format!("etastar\\-{command}(1)")), "{command}");
        let page = read(&format!("etastar-{command}.1"));
        assert!(page.contains(".SH SYNOPSIS") && page.contains(".SH OPTIONS"), "{page}");
        assert!(page.contains(&format!("etastar {command}")), "{page}");
    }
    assert_eq!(fs::read_dir(folder.path().join("man/man1")).unwrap().count(), commands.len() + 1);
    assert_eq!(stdout(&output).lines().count(), commands.len() + 1);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let output = etastar(folder.path(), &["man", "--out", "file/man1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot create file/man1"), "{}", stderr(&output));
}
