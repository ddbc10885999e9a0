//! The report of a results folder: complete, finished or not, and safe whatever the folder holds.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::config::tiny_config;
use crate::common::program::{command, etastar, stderr, stdout};
use serde_json::{Value, json};

fn sweep(folder: &Path) {
    let grid = "[sweep]\nlearning_rate = [0.01, 0.02, 0.05]\nbatch_size = [1, 4]\n";
    fs::write(folder.join("x.toml"), tiny_config() + grid).unwrap();
    assert!(etastar(folder, &["sweep", "x.toml", "--quiet"]).status.success());
}

fn report(folder: &Path, results: &str) -> String {
    let output = etastar(folder, &["report", results, "-o", "report.html"]);
    assert!(output.status.success(), "{}", stderr(&output));
    fs::read_to_string(folder.join("report.html")).unwrap()
}

/// The data of the page's script.
fn data(html: &str) -> Value {
    let (_, rest) = html.split_once(r#"<script type="application/json" id="data">"#).unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

fn records(folder: &Path) -> Vec<PathBuf> {
    let runs = fs::read_dir(folder.join("results/x/runs")).unwrap();
    let mut paths: Vec<_> = runs.map(|run| run.unwrap().path().join("record.json")).collect();
    paths.sort();
    paths
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, value.to_string()).unwrap();
}

#[test]
fn a_report_holds_every_run_with_its_curve_its_spectrum_and_its_place_in_the_figures() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path());
    let output = etastar(folder.path(), &["report", "results/x", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["runs"], &answer["finished"]), (&json!(6), &json!(6)));
    assert_eq!(answer["report"], "results/x/report.html");
    let html = fs::read_to_string(folder.path().join("results/x/report.html")).unwrap();
    assert_eq!(answer["bytes"], html.len());
    let data = data(&html);
    let runs = data["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 6);
    for path in records(folder.path()) {
        let record: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let run = runs.iter().find(|run| run["id"] == record["run_id"]).unwrap();
        let curve = run["history"]["losses"].as_array().unwrap();
        assert!(
            curve.len() > 50 && curve.len() == run["history"]["epochs"].as_array().unwrap().len()
        );
        let top = run["spectrum"][0].as_f64().unwrap();
        assert!((top / record["analysis"]["sharpness_gn"].as_f64().unwrap() - 1.0).abs() < 1e-3);
        assert!(html.contains(record["provenance"]["host"].as_str().unwrap()));
    }
    for name in ["figure1a_sharpness", "figure2_bounds", "edge_of_stability"] {
        let targets = data["figures"][name].as_array().unwrap();
        assert!(targets.len() >= 6, "{name}");
        for target in targets {
            let run = &runs[target[3][0].as_u64().unwrap() as usize];
            let label = target[2].as_str().unwrap();
            if let Some(batch) = label.strip_prefix("B = ") {
                assert_eq!(run["facts"][1], batch);
            }
        }
    }
}

#[test]
fn runs_of_two_algorithms_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let grid = "[sweep]\nlearning_rate = [0.01, 0.02]\nbatch_size = [4]\nalgorithm = [\"sgd\", \"mixture\"]\n";
    fs::write(folder.path().join("x.toml"), tiny_config() + grid).unwrap();
    let sweep = etastar(folder.path(), &["sweep", "x.toml", "--quiet"]);
    assert!(sweep.status.success(), "{}", stderr(&sweep));
    let data = data(&report(folder.path(), "results/x"));
    let labels = data["labels"].as_array().unwrap();
    let place = labels.iter().position(|label| label[0] == "algorithm").unwrap();
    let algorithm =
        |run: &Value| data["runs"][run.as_u64().unwrap() as usize]["facts"][place].clone();
    let mut seen = std::collections::BTreeSet::new();
    for (name, targets) in data["figures"].as_object().unwrap() {
        for target in targets.as_array().unwrap() {
            let curve = target[2].as_str().unwrap();
            let wanted =
                name.split('_').chain(curve.split(':')).find(|w| ["sgd", "mixture"].contains(w));
            let runs = target[3].as_array().unwrap();
            assert_eq!(runs.len(), 1, "{name}: one run at each point");
            let known = algorithm(&runs[0]);
            seen.insert((name.clone(), known.as_str().unwrap().to_owned()));
            assert!(name == "plan" || wanted == known.as_str(), "{name}, {curve}: {known}");
        }
    }
    for algorithm in ["sgd", "mixture"] {
        assert!(seen.contains(&("algorithms".to_owned(), algorithm.to_owned())), "{seen:?}");
    }
}

#[test]
fn a_report_asks_for_nothing_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path());
    let html = report(folder.path(), "results/x");
    for reference in ["src=", "url(", "@import", "<link rel=\"stylesheet", "fetch(", "XMLHttp"] {
        assert!(!html.contains(reference), "{reference}");
    }
    // The names of XML's own vocabulary are no addresses that anything is loaded from.
    let names = html.replace("http://www.w3.org/2000/svg", "");
    assert!(!names.contains("http://") && !names.contains("https://"));
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn an_unfinished_sweep_is_told_with_its_failures() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path());
    let paths = records(folder.path());
    let failed = paths[0].parent().unwrap();
    let mut record: Value = serde_json::from_slice(&fs::read(&paths[0]).unwrap()).unwrap();
    let failure = json!({
        "spec": record["spec"].take(), "provenance": record["provenance"].take(),
        "reason": "the disk is <full>",
    });
    fs::remove_file(&paths[0]).unwrap();
    fs::write(failed.join("failure.json"), failure.to_string()).unwrap();
    fs::remove_file(&paths[1]).unwrap();
    let html = report(folder.path(), "results/x");
    assert!(html.contains("<strong>4</strong> of 6 runs finished"));
    assert!(html.contains("1 failed") && html.contains("1 left"));
    assert!(html.contains("the disk is &#60;full&#62;") && !html.contains("the disk is <full>"));
    for path in &paths {
        let _ = fs::remove_file(path);
    }
    let html = report(folder.path(), "results/x");
    assert!(
        html.contains("<strong>0</strong> of 6 runs finished") && !html.contains("id=\"figures\"")
    );
}

#[test]
fn hostile_names_stay_text() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path());
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&<!--";
    let paths = records(folder.path());
    for path in &paths[1..] {
        edit(path, |record| {
            record["provenance"]["host"] = evil.into();
            record["provenance"]["device"] = evil.into();
            record["spec"]["data"]["folder"] = evil.into();
            record["analysis"]["missing"] = json!([{ "quantity": evil, "reason": evil }]);
        });
    }
    fs::write(paths[1].with_file_name("history.csv"), format!("epoch,{evil}\n{evil},1\n")).unwrap();
    edit(&folder.path().join("results/x/experiment.json"), |settings| {
        settings["model"][evil] = evil.into();
    });
    let record: Value = serde_json::from_slice(&fs::read(&paths[0]).unwrap()).unwrap();
    let failure =
        json!({ "spec": record["spec"], "provenance": record["provenance"], "reason": evil });
    fs::write(paths[0].with_file_name("failure.json"), failure.to_string()).unwrap();
    fs::remove_file(&paths[0]).unwrap();
    let name = "<img src=x onerror=alert(3)>&\"'";
    fs::rename(folder.path().join("results/x"), folder.path().join("results").join(name)).unwrap();
    let html = report(folder.path(), &format!("results/{name}"));
    assert!(!html.contains("<img") && !html.contains("<script>alert"), "markup from the folder");
    assert_eq!(html.matches("</script>").count(), 2, "the page's own two scripts");
    assert!(html.contains("<title>&#60;img src=x onerror=alert(3)&#62;&#38;&#34;&#39; · etastar"));
    let notes: Vec<Value> = data(&html)["runs"].as_array().unwrap().clone();
    let told = notes.iter().filter(|run| run["notes"].to_string().contains("alert(1)")).count();
    assert_eq!(told, 6, "hostile or not, it is told");
}

#[test]
fn eight_hundred_runs_are_a_few_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path());
    let original: Value =
        serde_json::from_slice(&fs::read(&records(folder.path())[0]).unwrap()).unwrap();
    let (mut plan, results) = (Vec::new(), folder.path().join("results/x"));
    for index in 0..800 {
        let (rate, batch, seed) = (0.01 * f64::from(1 + index / 8), 1 << (index % 8), 0);
        let id = format!("{index:016x}");
        let mut record = original.clone();
        record["run_id"] = id.as_str().into();
        record["spec"]["train"]["learning_rate"] = rate.into();
        record["spec"]["train"]["batch_size"] = batch.into();
        record["analysis"]["spectrum"] = (0..64).map(|k| 300.123_456 / f64::from(k + 1)).collect();
        let run = results.join("runs").join(&id);
        fs::create_dir_all(&run).unwrap();
        fs::write(run.join("record.json"), record.to_string()).unwrap();
        let line =
            |epoch| format!("{epoch},{epoch},0.1,{:e},\n", 1.234_567_8 / f64::from(epoch + 1));
        let lines: String = (0..400).map(line).collect();
        let history = format!("epoch,step,learning_rate,running_loss,loss\n{lines}");
        fs::write(run.join("history.csv"), history).unwrap();
        plan.push(
            json!({ "run_id": id, "learning_rate": rate, "batch_size": batch, "seed": seed }),
        );
    }
    fs::write(results.join("plan.json"), json!(plan).to_string()).unwrap();
    let html = report(folder.path(), "results/x");
    assert!(html.len() < 5_000_000, "{} bytes", html.len());
    assert_eq!(data(&html)["runs"].as_array().unwrap().len(), 800);
    assert!(html.contains("at most 100 points each"));
}

#[test]
fn wrong_folders_and_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("results/x")).unwrap();
    fs::write(folder.path().join("results/x/plan.json"), "[]").unwrap();
    for (arguments, code, words) in [
        (&["report", "nowhere"][..], 2, "nowhere is not the results folder of a sweep"),
        (&["report", "results/x", "-o", "results"], 2, "results is a folder; name the file"),
        (&["report", "results/x", "-o", "none/x.html"], 1, "none/x.html"),
    ] {
        let output = etastar(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    let empty = etastar(folder.path(), &["report", "results/x"]);
    assert!(empty.status.success(), "{}", stderr(&empty));
    assert_eq!(stdout(&empty), "results/x/report.html\n");
    fs::write(folder.path().join("results/x/plan.json"), "{ half").unwrap();
    let damaged = etastar(folder.path(), &["report", "results/x"]);
    assert!(stderr(&damaged).contains("plan.json is damaged"), "{}", stderr(&damaged));
}

/// A results folder in which nothing was run.
fn planned(folder: &Path) {
    fs::create_dir_all(folder.join("results/x")).unwrap();
    fs::write(folder.join("results/x/plan.json"), "[]").unwrap();
}

#[test]
fn only_reports_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    planned(folder.path());
    let html = report(folder.path(), "results/x");
    assert!(html.contains("<meta name=\"generator\" content=\"etastar"));
    report(folder.path(), "results/x");
    let own = "results/x/report.html";
    for (path, content) in [
        ("report.html", "<!doctype html>\n<title>etastar</title>".to_owned()),
        ("report.html", String::new()),
        ("notes.txt", format!("About {html}")),
        (own, "mine".to_owned()),
    ] {
        fs::write(folder.path().join(path), &content).unwrap();
        let to = if path == own { &[][..] } else { &["-o", path] };
        let output = etastar(folder.path(), &[&["report", "results/x"][..], to].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        let words = format!("{path} exists and is not a report of etastar; choose another with -o");
        assert!(stderr(&output).contains(&words), "{}", stderr(&output));
        assert_eq!(fs::read_to_string(folder.path().join(path)).unwrap(), content);
    }
}

#[cfg(unix)]
#[test]
fn devices_and_pipes_stay_what_they_are() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    planned(folder.path());
    let path = |name: &str| folder.path().join(name);
    let to = ["report", "results/x", "-o"];

    // A link, so that a device would survive the fault that this test is for.
    symlink("/dev/full", path("full")).unwrap();
    let full = etastar(folder.path(), &[&to[..], &["full"]].concat());
    assert_eq!(full.status.code(), Some(1), "{}", stderr(&full));
    assert!(stderr(&full).contains("cannot write full: No space left"), "{}", stderr(&full));
    assert!(path("full").symlink_metadata().unwrap().is_symlink());

    assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    let pipe = path("pipe");
    let reader = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
    let piped = etastar(folder.path(), &[&to[..], &["pipe"]].concat());
    assert!(piped.status.success(), "{}", stderr(&piped));
    assert_eq!(stdout(&piped), "pipe\n");
    assert!(reader.join().unwrap().trim_end().ends_with("</html>"));
    assert!(path("pipe").metadata().unwrap().file_type().is_fifo());
}

#[cfg(unix)]
#[test]
fn a_report_on_standard_output_is_alone_there() {
    let folder = tempfile::tempdir().unwrap();
    planned(folder.path());
    let arguments = ["report", "results/x", "-o", "/dev/stdout"];
    let whole = |html: &str| {
        html.to_lowercase().starts_with("<!doctype html>") && html.trim_end().ends_with("</html>")
    };
    let shown = etastar(folder.path(), &arguments);
    assert!(shown.status.success() && whole(&stdout(&shown)), "{}", stderr(&shown));
    // What the shell's > opened is a file, and no report yet.
    let file = fs::File::create(folder.path().join("page.html")).unwrap();
    let status = command(folder.path(), &arguments).stdout(file).status().unwrap();
    assert!(status.success());
    assert!(whole(&fs::read_to_string(folder.path().join("page.html")).unwrap()));
    let both = etastar(folder.path(), &[&arguments[..], &["--json"]].concat());
    assert_eq!(both.status.code(), Some(2), "{}", stderr(&both));
}

#[cfg(unix)]
#[test]
fn a_link_to_a_report_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    planned(folder.path());
    report(folder.path(), "results/x");
    fs::rename(folder.path().join("report.html"), folder.path().join("page.html")).unwrap();
    std::os::unix::fs::symlink("page.html", folder.path().join("report.html")).unwrap();
    report(folder.path(), "results/x");
    assert!(folder.path().join("report.html").symlink_metadata().unwrap().is_symlink());
}
