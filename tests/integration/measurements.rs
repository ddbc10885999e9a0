//! A finished run that is asked for other measurements: nothing known is lost or measured again.

use std::fs;
use std::path::Path;

use crate::common::config::tiny_config;
use crate::common::program::{etastar, stderr, stdout};

/// A folder with x.toml, which describes one small run.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    folder
}

/// The only record of the folder, as JSON.
fn record(folder: &Path) -> (std::path::PathBuf, serde_json::Value) {
    let runs = fs::read_dir(folder.join("results/x/runs")).unwrap();
    let path = runs.map(|run| run.unwrap().path().join("record.json")).next().unwrap();
    let record = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    (path, record)
}

#[test]
fn the_leading_eigenvalues_are_recorded_as_many_as_asked_for() {
    let folder = prepared();
    assert!(etastar(folder.path(), &["sweep", "x.toml"]).status.success());
    let analysis = record(folder.path()).1["analysis"].clone();
    let spectrum: Vec<f64> = serde_json::from_value(analysis["spectrum"].clone()).unwrap();
    let rank = analysis["mean_square"]["rank"].as_u64().unwrap() as usize;
    assert!(spectrum.len() == rank && rank <= 24, "12 samples of two classes: {}", spectrum.len());
    assert!(spectrum.windows(2).all(|pair| pair[0] >= pair[1] && pair[1] > 0.0));
    let near = |a: f64, key: &str| (a / analysis[key].as_f64().unwrap() - 1.0).abs() < 1e-5;
    assert!(near(spectrum[0], "sharpness_gn"), "by Lanczos and by the whole decomposition");
    assert!(near(spectrum.iter().sum(), "trace"));
}

#[test]
fn an_early_record_gets_what_it_lacks_and_keeps_the_rest() {
    let folder = prepared();
    assert!(etastar(folder.path(), &["sweep", "x.toml"]).status.success());
    let (path, whole) = record(folder.path());
    let dead = &whole["analysis"]["dead_samples"];
    assert!(dead.is_u64(), "{dead}");
    let mut early = whole.clone();
    early["analysis"].as_object_mut().unwrap().remove("dead_samples");
    // Not what a measurement would give: it must be kept all the same.
    early["analysis"]["trace"] = 123.0.into();
    fs::write(&path, early.to_string()).unwrap();
    assert!(etastar(folder.path(), &["sweep", "x.toml"]).status.success());
    early["analysis"]["dead_samples"] = dead.clone();
    assert_eq!(record(folder.path()).1, early);
}

#[test]
fn only_as_many_eigenvalues_as_asked_for_are_recorded() {
    let folder = prepared();
    let few = ["sweep", "x.toml", "--set", "analysis.spectrum=5"];
    assert!(etastar(folder.path(), &few).status.success());
    assert_eq!(record(folder.path()).1["analysis"]["spectrum"].as_array().unwrap().len(), 5);
}

#[test]
fn asking_for_less_than_is_known_measures_and_loses_nothing() {
    // The second engine trains rows of runs, which others measure.
    let row: &[&str] = &["--set", "run.engine=tensor", "--set", "run.batched_runs=2"];
    for engine in [&[], row] {
        let folder = prepared();
        let sweep = [&["sweep", "x.toml"][..], engine].concat();
        let all = [&sweep[..], &["--set", "analysis.eta_as=true"]].concat();
        assert!(etastar(folder.path(), &all).status.success());
        let before = fs::read(record(folder.path()).0).unwrap();
        for fewer in ["thresholds=false", "lyapunov=false", "hessian=false", "spectrum=3"] {
            let set = format!("analysis.{fewer}");
            let fewer = [&sweep[..], &["--set", &set]].concat();
            let plan = etastar(folder.path(), &[&fewer[..], &["--dry-run"]].concat());
            assert!(stdout(&plan).starts_with("1 run, 1 finished"), "{set}: {}", stdout(&plan));
            assert!(etastar(folder.path(), &fewer).status.success());
            assert_eq!(fs::read(record(folder.path()).0).unwrap(), before, "{set}");
        }
    }
}

#[test]
fn asking_for_more_measures_only_that() {
    let folder = prepared();
    let less = ["sweep", "x.toml", "--set", "analysis.lyapunov_epoch=false"];
    assert!(etastar(folder.path(), &less).status.success());
    let (path, mut first) = record(folder.path());
    assert!(first["analysis"]["almost_sure"]["epoch_exponent"].is_null());
    // Numbers that no measurement gives show that these were not measured again.
    first["analysis"]["mean_square"]["coherence"] = 123.0.into();
    first["analysis"]["almost_sure"]["exponent"]["value"] = 456.0.into();
    fs::write(&path, first.to_string()).unwrap();
    let sweep = etastar(folder.path(), &["sweep", "x.toml"]);
    assert!(sweep.status.success() && !stderr(&sweep).contains("finished earlier"));
    let second = record(folder.path()).1["analysis"].clone();
    assert_eq!(second["mean_square"], first["analysis"]["mean_square"]);
    assert_eq!(second["spectrum"], first["analysis"]["spectrum"]);
    assert_eq!(second["almost_sure"]["exponent"], first["analysis"]["almost_sure"]["exponent"]);
    assert!(second["almost_sure"]["epoch_exponent"]["value"].is_f64(), "{second}");
    let edge = ["sweep", "x.toml", "--set", "analysis.eta_var_epoch=true"];
    assert!(etastar(folder.path(), &edge).status.success());
    let third = record(folder.path()).1["analysis"].clone();
    let end = |name: &str| third["almost_sure"]["epoch_eta_var"][name].as_f64().unwrap();
    assert!(0.0 < end("low") && end("low") <= end("value") && end("value") <= end("high"));
    assert_eq!(third["almost_sure"]["exponent"], second["almost_sure"]["exponent"]);
    let csv = fs::read_to_string(folder.path().join("results/x/summary.csv")).unwrap();
    let row: Vec<&str> = csv.lines().nth(1).unwrap().split(',').collect();
    let column = csv.lines().next().unwrap().split(',').position(|name| name == "eta_var_epoch");
    assert_eq!(row[column.unwrap()].parse::<f64>().unwrap(), end("value"));
    // Another tolerance is another enclosure.
    let finer = ["sweep", "x.toml", "--set", "analysis.tolerance=1e-5"];
    assert!(etastar(folder.path(), &finer).status.success());
    assert_ne!(record(folder.path()).1["analysis"]["mean_square"]["coherence"], 123.0);
}

#[test]
fn asking_for_another_measurement_keeps_what_is_known() {
    let folder = prepared();
    let first = ["sweep", "x.toml", "--set", "analysis.hessian=false"];
    assert!(etastar(folder.path(), &first).status.success());
    let known = record(folder.path()).1["analysis"].clone();
    let second = ["sweep", "x.toml", "--set", "analysis.thresholds=false"];
    let plan = etastar(folder.path(), &[&second[..], &["--dry-run"]].concat());
    assert!(stdout(&plan).starts_with("1 run, 0 finished"), "{}", stdout(&plan));
    assert!(etastar(folder.path(), &second).status.success());
    let both = record(folder.path()).1["analysis"].clone();
    assert!(both["sharpness_hessian"].as_f64().unwrap() > 0.0);
    for kept in ["mean_square", "almost_sure", "spectrum"] {
        assert_eq!(both[kept], known[kept], "{kept}");
    }
}

#[test]
fn a_record_without_a_spectrum_is_read_and_measured_again_but_not_trained() {
    let folder = prepared();
    assert!(etastar(folder.path(), &["sweep", "x.toml"]).status.success());
    let (path, mut old) = record(folder.path());
    let weights = || fs::read(path.with_file_name("minimum.safetensors")).unwrap();
    let before = weights();
    // As a program that did not know of spectra wrote it.
    old["analysis"].as_object_mut().unwrap().remove("spectrum");
    old["spec"]["analysis"].as_object_mut().unwrap().remove("spectrum");
    fs::write(&path, old.to_string()).unwrap();
    let status = etastar(folder.path(), &["status", "results/x"]);
    assert!(stdout(&status).contains("1 of 1 run done"), "{}", stderr(&status));
    assert!(etastar(folder.path(), &["sweep", "x.toml"]).status.success());
    let new = record(folder.path()).1;
    assert!(!new["analysis"]["spectrum"].as_array().unwrap().is_empty());
    assert_eq!(new["train_seconds"], old["train_seconds"]);
    assert_eq!(weights(), before);
}

/// The cells of `columns` in the only row of the summary.
fn cells(folder: &Path, columns: &[&str]) -> Vec<String> {
    let csv = fs::read_to_string(folder.join("results/x/summary.csv")).unwrap();
    let lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let cell = |column: &&str| lines[1][lines[0].iter().position(|name| name == column).unwrap()];
    columns.iter().map(|column| cell(column).to_owned()).collect()
}

#[test]
fn what_did_not_converge_is_an_empty_cell_with_its_reason() {
    let folder = prepared();
    let few = ["--set", "analysis.eigen_iterations=3", "--set", "analysis.thresholds=false"];
    let train = etastar(folder.path(), &[&["train", "x.toml"][..], &few].concat());
    assert!(train.status.success(), "{}", stderr(&train));
    let reason = "did not converge: relative residual";
    let text = stdout(&train);
    let mut reasons = text.lines().skip_while(|line| !line.starts_with("  missing: "));
    assert!(reasons.all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains(reason) && text.contains("analysis.eigen_iterations"), "{text}");
    let analysis = record(folder.path()).1["analysis"].clone();
    let quantities = ["sharpness_gn", "eta_mean", "bound_17", "sharpness_hessian"];
    for quantity in quantities {
        assert!(analysis[quantity].is_null(), "{quantity}: {analysis}");
        let missing = analysis["missing"].as_array().unwrap();
        let noted = missing.iter().find(|missing| missing["quantity"] == quantity).unwrap();
        assert!(noted["reason"].as_str().unwrap().starts_with(reason), "{noted}");
    }
    assert_eq!(cells(folder.path(), &quantities), [""; 4]);
    assert_ne!(cells(folder.path(), &["trace", "bound_18"]), [""; 2]);
    // The remedy that the reason names.
    assert!(etastar(folder.path(), &["train", "x.toml"]).status.success());
    assert!(cells(folder.path(), &quantities).iter().all(|cell| !cell.is_empty()));
}

#[test]
fn the_spectrum_of_g_is_used_where_lanczos_did_not_converge() {
    let folder = prepared();
    assert!(etastar(folder.path(), &["train", "x.toml"]).status.success());
    let right = record(folder.path()).1["analysis"].clone();
    let few = ["train", "x.toml", "--set", "analysis.eigen_iterations=3"];
    assert!(etastar(folder.path(), &few).status.success());
    let few = record(folder.path()).1["analysis"].clone();
    for quantity in ["sharpness_gn", "eta_mean", "bound_17"] {
        let ratio = few[quantity].as_f64().unwrap() / right[quantity].as_f64().unwrap();
        assert!((ratio - 1.0).abs() < 1e-5, "{quantity}: {ratio}");
    }
    assert_eq!(few["sharpness_gn"], few["spectrum"][0]);
    assert!(few["sharpness_hessian"].is_null(), "which G does not know: {few}");
    // The spectrum of an earlier measurement, though none of it is recorded.
    let folder = prepared();
    let none =
        ["train", "x.toml", "--set", "analysis.eigen_iterations=3", "--set", "analysis.spectrum=0"];
    assert!(etastar(folder.path(), &none).status.success());
    let more = [&none[..], &["--set", "analysis.eta_as=true"]].concat();
    assert!(etastar(folder.path(), &more).status.success());
    let again = record(folder.path()).1["analysis"].clone();
    assert_eq!(again["sharpness_gn"], few["sharpness_gn"]);
}

/// Earlier versions wrote the last iterate, and listed λ_1 as missing.
#[test]
fn an_early_record_of_what_did_not_converge_is_not_believed() {
    let folder = prepared();
    assert!(etastar(folder.path(), &["train", "x.toml"]).status.success());
    let (path, mut early) = record(folder.path());
    early["analysis"]["sharpness_gn"] = 4.926.into();
    early["analysis"]["missing"] =
        serde_json::json!([{ "quantity": "sharpness_gn", "reason": "Lanczos stopped after 3" }]);
    fs::write(&path, early.to_string()).unwrap();
    fs::remove_file(folder.path().join("results/x/summary.csv")).unwrap();
    assert!(etastar(folder.path(), &["sweep", "x.toml"]).status.success());
    assert_eq!(cells(folder.path(), &["sharpness_gn", "eta_mean", "bound_17"]), [""; 3]);
    assert_ne!(cells(folder.path(), &["eta_var"]), [""]);
}
