//! What a submission hands to Slurm and leaves behind, with Slurm's commands replaced by scripts;
//! `scripts/slurm_test.sh` has the real ones.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::common::config::tiny_config;
use crate::common::fake_slurm::{FakeSlurm, is_of_slurm, tree};
use crate::common::program::{command, etastar, stderr, stdout};
use tempfile::TempDir;

/// A sweep of four runs, with `lines` in `[slurm]`.
fn folder_with_config(lines: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let grid = "[sweep]\nlearning_rate = [0.04, 0.08]\nbatch_size = [2, 12]\n[slurm]\n";
    fs::write(folder.path().join("x.toml"), format!("{}{grid}{lines}\n", tiny_config())).unwrap();
    folder
}

fn launch_with(
    fake: &FakeSlurm,
    folder: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Output {
    let arguments = [&["sweep", "x.toml", "--launcher", "slurm"], arguments].concat();
    let mut command = command(folder, &arguments);
    fake.set_on(&mut command);
    command.envs(variables.iter().copied()).output().unwrap()
}

fn launch(fake: &FakeSlurm, folder: &Path, arguments: &[&str]) -> Output {
    launch_with(fake, folder, arguments, &[])
}

fn assert_launched(output: &Output) {
    assert!(output.status.success(), "{}", stderr(output));
}

#[test]
fn no_variable_of_the_user_or_of_a_surrounding_job_reaches_slurm() {
    let (fake, folder) = (FakeSlurm::new(), folder_with_config("time = \"01:00:00\""));
    let options = [
        ("SBATCH_ARRAY_INX", "0-99"),
        ("SBATCH_NO_REQUEUE", "1"),
        ("SBATCH_OUTPUT", "/dev/null"),
        ("SBATCH_SIGNAL", "B:KILL@1"),
        ("SBATCH_TIMELIMIT", "1"),
        ("SLURM_CLUSTERS", "other"),
    ];
    let others = [
        ("SLURM_CPU_BIND", "quiet,mask_cpu:0x1"),
        ("SLURM_CPU_BIND_TYPE", "mask_cpu:"),
        ("SLURM_MEM_BIND", "local"),
        ("SLURM_JOB_ID", "7"),
        ("SLURM_MEM_PER_CPU", "10"),
        ("SLURM_NTASKS", "64"),
        ("SLURM_RESTART_COUNT", "3"),
        ("SRUN_CPUS_PER_TASK", "1"),
        ("SQUEUE_FORMAT2", "JobID"),
        ("SQUEUE_STATES", "RUNNING"),
        ("SACCT_FORMAT", "JobID"),
        ("SLURM_TIME_FORMAT", "relative"),
        ("SLURM_CONF", "/etc/slurm/slurm.conf"),
    ];
    let output = launch_with(&fake, folder.path(), &[], &[&options[..], &others].concat());
    assert_launched(&output);
    let seen = fake.environment();
    let seen: Vec<_> = seen.iter().filter(|line| is_of_slurm(line)).collect();
    assert!(seen.iter().all(|line| **line == "SLURM_CONF=/etc/slurm/slurm.conf"), "{seen:?}");
    assert_eq!(seen.len(), fake.calls().len());
    let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
    let note = format!("not used: {} of the environment", names.join(", "));
    assert_eq!(stderr(&output).matches(&note).count(), 1, "{}", stderr(&output));
    // A script that is submitted by hand gets rid of them itself.
    let unset = "unset ${!SLURM_CPU_BIND*} ${!SLURM_MEM_BIND*} ${!SRUN_*}";
    assert!(fake.last_script().lines().any(|line| line == unset), "{}", fake.last_script());
}

#[test]
fn a_refused_submission_leaves_nothing_behind() {
    let (fake, folder) = (FakeSlurm::new(), folder_with_config(""));
    let empty = tree(folder.path());
    fake.set("refuse", "sbatch: error: invalid partition specified: x\n");
    let output = launch(&fake, folder.path(), &["--set", "run.results=a/b/c"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("invalid partition"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("--chunk"), "{}", stderr(&output));
    assert_eq!(tree(folder.path()), empty);
    // Nor where there is a plan already.
    let first = ["sweep", "x.toml", "--set", "sweep.learning_rate=[0.04]", "--quiet"];
    assert!(etastar(folder.path(), &first).status.success());
    let kept = |folder: &Path| {
        let mut tree = tree(folder);
        // The number of a claim only grows.
        tree.retain(|(path, _)| !path.to_string_lossy().contains("/.lock-"));
        tree
    };
    let before = kept(folder.path());
    let output = launch(&fake, folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("invalid partition"), "{}", stderr(&output));
    assert_eq!(kept(folder.path()), before);
    // Without Slurm, nothing begins.
    let other = ["--set", "run.results=d"];
    let mut without =
        command(folder.path(), &[&["sweep", "x.toml", "--launcher", "slurm"][..], &other].concat());
    let output = without.env("PATH", "/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(kept(folder.path()), before);
    // With the refusal gone, the same command submits.
    fake.unset("refuse");
    let output = launch(&fake, folder.path(), &[]);
    assert_launched(&output);
    assert!(stderr(&output).contains("2 runs left in 2 tasks, 2 finished"), "{}", stderr(&output));
}

#[test]
fn a_limit_of_the_queue_suggests_larger_chunks() {
    let (fake, folder) = (FakeSlurm::new(), folder_with_config(""));
    let empty = tree(folder.path());
    fake.set(
        "refuse",
        "sbatch: error: QOSMaxSubmitJobPerUserLimit\nsbatch: error: Batch job submission failed: \
         Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)\n",
    );
    for (arguments, hint) in [(&[][..], "--chunk 2"), (&["--chunk", "3"], "--chunk 4")] {
        let output = launch(&fake, folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1));
        for part in ["says: QOSMaxSubmitJobPerUserLimit; Batch job", hint] {
            assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
        }
    }
    let output = launch(&fake, folder.path(), &["--chunk", "4"]);
    assert!(!stderr(&output).contains("--chunk"), "{}", stderr(&output));
    assert_eq!(tree(folder.path()), empty);
}

#[test]
fn an_array_has_as_many_tasks_as_the_cluster_takes() {
    let (fake, folder) = (FakeSlurm::new(), folder_with_config(""));
    let empty = tree(folder.path());
    fake.set("array_size", "3");
    for dry_run in [&["--dry-run"][..], &[]] {
        let output = launch(&fake, folder.path(), dry_run);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("4 tasks are more than the 3"), "{}", stderr(&output));
        assert!(stderr(&output).contains("--chunk 2"), "{}", stderr(&output));
        assert_eq!(tree(folder.path()), empty);
    }
    assert_launched(&launch(&fake, folder.path(), &["--chunk", "2"]));
    // Indices begin at 0: MaxArraySize tasks fit.
    fake.set("array_size", "4");
    assert_launched(&launch(&fake, folder.path(), &["--set", "run.results=other"]));
}

#[test]
fn a_launcher_that_was_killed_after_slurm_took_the_job_does_not_submit_twice() {
    for link in [false, true] {
        let (fake, folder) = (FakeSlurm::new(), folder_with_config(""));
        fake.set("kill", "");
        assert_eq!(launch(&fake, folder.path(), &[]).status.code(), None);
        assert_eq!(fake.queue().len(), 1);
        assert!(!folder.path().join("results/x/slurm/1/jobs.json").exists());
        fake.unset("kill");
        let mut status = command(folder.path(), &["status", "results/x"]);
        fake.set_on(&mut status);
        let status = status.output().unwrap();
        assert!(stdout(&status).contains("4 queued"), "{}{}", stdout(&status), stderr(&status));
        // The same folder under another name, too.
        let results = if link { "run.results=link/x" } else { "run.results=results/x" };
        std::os::unix::fs::symlink("results", folder.path().join("link")).unwrap();
        let output = launch(&fake, folder.path(), &["--set", results]);
        assert_launched(&output);
        for part in ["job array 101 was found in the queue", "0 runs left in 0 tasks, 4 queued"] {
            assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
        }
        // What the killed launcher had still to do is done, once.
        let queue = fake.queue();
        assert_eq!(queue.len(), 2, "{queue:?}");
        assert!(queue[1].ends_with("slurm/1/gather.sh"), "{queue:?}");
        assert!(fake.last_script().contains("--dependency=afterany:101"), "{}", fake.last_script());
        assert_launched(&launch(&fake, folder.path(), &[]));
        assert_eq!(fake.queue(), queue);
    }
}

#[test]
fn what_never_reached_slurm_is_removed_by_the_next_launch() {
    let (fake, folder) = (FakeSlurm::new(), folder_with_config(""));
    let submissions = folder.path().join("results/x/slurm");
    // One launcher was killed between its files, one before sbatch; the tasks of one have ended.
    for (number, file) in [("1", "config.toml"), ("2", "tasks.json"), ("3", "tasks.json")] {
        fs::create_dir_all(submissions.join(number)).unwrap();
        fs::write(submissions.join(number).join(file), "[]").unwrap();
    }
    fs::write(submissions.join("3/0.log"), "").unwrap();
    assert_launched(&launch(&fake, folder.path(), &[]));
    let names: Vec<_> =
        fs::read_dir(submissions).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&"3".into()) && names.contains(&"4".into()), "{names:?}");
}

#[test]
fn an_answer_without_a_number_is_looked_up_in_the_queue() {
    let (fake, folder) = (FakeSlurm::new(), folder_with_config(""));
    fake.set("mute", "");
    let output = launch(&fake, folder.path(), &[]);
    assert_launched(&output);
    assert!(stdout(&output).contains("job array 101"), "{}", stdout(&output));
}

#[test]
fn the_last_job_has_the_options_of_the_user_but_its_own_dependency() {
    let lines = "options = [\"--dependency=afterok:5\", \"--qos=long\", \"--comment=run #5\"]";
    let (fake, folder) = (FakeSlurm::new(), folder_with_config(lines));
    assert_launched(&launch(&fake, folder.path(), &[]));
    let array = fs::read_to_string(folder.path().join("results/x/slurm/1/array.sh")).unwrap();
    let gather = fake.last_script();
    for (script, dependency) in [(&array, "afterok:5"), (&gather, "afterany:101")] {
        let dependencies = script.lines().filter(|line| line.contains("--dependency"));
        let wanted = format!("#SBATCH --dependency={dependency}");
        assert_eq!(dependencies.collect::<Vec<_>>(), [wanted], "{script}");
        assert!(script.lines().any(|line| line == r##"#SBATCH --comment="run \#5""##), "{script}");
    }
}

#[test]
fn every_character_of_a_path_stands_in_the_script_as_slurm_and_the_shell_read_it() {
    let fake = FakeSlurm::new();
    for (name, output) in [
        ("50%a", "{}/50%%a/slurm/1/%a.log"),
        ("a #b 'c'", "\"{}/a \\#b 'c'/slurm/1/%a.log\""),
        ("say \"hi\"", "\"{}/say \\\"hi\\\"/slurm/1/%a.log\""),
        ("Größe", "\"{}/Größe/slurm/1/%a.log\""),
        ("tab\tx", "\"{}/tab\tx/slurm/1/%a.log\""),
        // Slurm replaces nothing in a name with a backslash, and takes half of them away.
        ("back\\50%", "\"{}/back\\\\\\\\50%/slurm/1/slurm.log\""),
    ] {
        let folder = folder_with_config("");
        // Names without links, as the program sees its working directory.
        let root = folder.path().canonicalize().unwrap();
        let results = toml::Value::String(name.to_owned()).to_string();
        assert_launched(&launch(&fake, &root, &["--set", &format!("run.results={results}")]));
        let script = fs::read_to_string(root.join(name).join("slurm/1/array.sh")).unwrap();
        let wanted =
            format!("#SBATCH --output={}", output.replace("{}", &root.display().to_string()));
        assert!(script.lines().any(|line| line == wanted), "{wanted} in\n{script}");
        assert_eq!(script.contains("exec >>"), name.contains('\\'), "{script}");
        // The shell's lines are executed, with the program replaced by one that shows its arguments.
        let shell = script.replace("exec /", "exec printf '%s\\n' /");
        let mut bash = std::process::Command::new("bash");
        bash.env("SLURM_ARRAY_TASK_ID", "1").args(["-c", &shell]);
        let output = bash.output().unwrap();
        let log = root.join(name).join("slurm/1/1.log");
        let shown = fs::read_to_string(log).unwrap_or_else(|_| stdout(&output));
        let config = root.join(name).join("slurm/1/config.toml").display().to_string();
        assert!(
            shown.lines().any(|line| line == config),
            "{config} in\n{shown}{}",
            stderr(&output)
        );
    }
}

#[test]
fn a_path_that_no_script_can_hold_is_named() {
    let (fake, folder) = (FakeSlurm::new(), folder_with_config(""));
    let empty = tree(folder.path());
    for dry_run in [&["--dry-run"][..], &[]] {
        let arguments = [&["--set", "run.results=\"a\\nb\""], dry_run].concat();
        let output = launch(&fake, folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("line break"), "{}", stderr(&output));
        assert_eq!(tree(folder.path()), empty);
    }
}
