//! The configuration as a user meets it: every mistake named with its place, all at once.

use std::path::PathBuf;

use super::*;

fn parse(source: &str, overrides: &[&str]) -> Result<Config, ConfigError> {
    let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    Config::parse(source, "test.toml", "results/test".into(), &overrides)
}

fn grid(source: &str, overrides: &[&str]) -> Result<Grid, ConfigError> {
    let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    let file = ConfigFile::parse::<Config>(source, "test.toml", "results/test".into(), &overrides)?;
    file.grid(|_| {})
}

fn complaint(source: &str, overrides: &[&str]) -> String {
    parse(source, overrides).expect_err("this must be refused").to_string()
}

#[test]
fn an_empty_file_is_the_papers_network() {
    let config = parse("", &[]).unwrap();
    assert_eq!(config.model.hidden, [1024]);
    assert_eq!(config.model.init_factor, 15.0);
    assert_eq!(config.train.patience, 200);
    assert_eq!(config.data.classes, [0, 1, 2, 3]);
    assert_eq!(config.run.results, PathBuf::from("results/test"));
}

#[test]
fn every_problem_is_reported_with_its_place() {
    let text = complaint(
        "[train]\nbatchsize = 8\nlearning_rate = \"fast\"\n[loss]\nfactor = -1\n[colour]\n",
        &[],
    );
    assert!(text.contains("4 problems"), "{text}");
    assert!(
        text.contains(
            "line 2, column 1: unknown key `batchsize` in [train]; did you mean `batch_size`?"
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "line 3, column 17: `train.learning_rate` must be a number, found the string \"fast\""
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "line 5, column 10: `loss.factor` must be a number from 1e-30 to 1e30, found -1"
        ),
        "{text}"
    );
    assert!(text.contains("line 6, column 2: unknown key `colour`"), "{text}");
}

#[test]
fn overrides_are_checked_like_the_file() {
    let text = complaint("", &["train.batch_size=many"]);
    assert!(
        text.contains("--set train.batch_size=many: `train.batch_size` must be a whole number"),
        "{text}"
    );
    let config = parse("[train]\nbatch_size = 1", &["train.batch_size=8"]).unwrap();
    assert_eq!(config.train.batch_size, Some(8));
}

#[test]
fn senseless_values_are_refused() {
    for (source, fault) in [
        ("[train]\nlearning_rate = nan", "from 1e-30 to 1e30, found NaN"),
        ("[train]\nlearning_rate = 0", "from 1e-30 to 1e30"),
        ("[train]\nbatch_size = 0", "1 or more"),
        ("[train]\nbatch_size = 99999999999999999999", "whole number"),
        ("[data]\nclasses = [1, 1]", "different labels"),
        ("[data]\nclasses = []", "different labels"),
        ("[data]\nclasses = [0, 0]", "found [0, 0]"),
        ("[loss]\nfactor = 1e-320", "from 1e-30 to 1e30"),
        ("[model]\ninit_factor = 1e300", "from 1e-30 to 1e30"),
        ("[run]\nresults = \"\"", "a folder's name"),
        ("[data]\nscaling = \"none\"", "\"unit\" or \"standard\""),
        ("[model]\nhidden = [0]", "widths"),
        ("[train.warmup]\nfrom = 2", "at most 1"),
        ("[sweep]\nlearning_rate = []", "empty list"),
        ("[sweep]\nlearning_rate = [0.1, 0.1]", "twice"),
        ("[sweep]\nlearning_rate = { log10 = [-3], points = 4 }", "pair of exponents"),
        ("[sweep]\nlearning_rate = { log10 = [-1, -1], points = 3 }", "equal ends"),
        ("[sweep]\nlearning_rate = { log10 = [-3, 0] }", "`sweep.learning_rate.points` is missing"),
        (
            "[sweep]\nlearning_rate = { log10 = [-3, 0], points = 3, each = 2 }",
            "unknown key `each`",
        ),
        ("[train]\nmax_epochs = 600", "no run can converge"),
        ("train = 3", "must be a table"),
    ] {
        let text = complaint(source, &[]);
        assert!(text.contains(fault), "{source:?} gave {text:?}");
    }
}

#[test]
fn the_grid_falls_back_to_the_train_section() {
    let source = "[train]\nbatch_size = 4\n[sweep]\nlearning_rate = [0.1, 0.2]";
    let runs = grid(source, &[]).unwrap().runs;
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|run| run.spec.train.batch_size == 4));
    let unset = grid("[sweep]\nlearning_rate = [0.1]", &[]).unwrap_err().to_string();
    assert!(unset.contains("`train.batch_size` is not set"), "{unset}");
    let config = parse(source, &[]).unwrap();
    assert!(single_run(&config).unwrap_err().to_string().contains("train.learning_rate"));
}

/// A saved run's settings can be written, read again and overridden.
#[test]
fn a_run_is_its_own_configuration() {
    let source = "[data]\nclasses = [3, 5]\nscaling = \"standard\"\n[model]\nhidden = [30, 20]\n\
                  [loss]\nfactor = 0.25\n[train]\nlearning_rate = 0.0123456789012345\nbatch_size = 4\n\
                  seed = 7\nsampling = \"uniform\"\nwarmup = { shape = \"linear\", epochs = 9 }\n\
                  [analysis]\nspectrum = 3\n[run]\nengine = \"tensor\"";
    let run = single_run(&parse(source, &[]).unwrap()).unwrap();
    assert_eq!(run.with_overrides("test", &[]).unwrap(), run);
    let changed = run.with_overrides("test", &["analysis.thresholds=false".to_owned()]).unwrap();
    assert!(!changed.analysis.thresholds);
    assert_eq!(changed.train, run.train);
    let error = run.with_overrides("the minimum", &["analysis.treshold=1".to_owned()]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("the minimum") && text.contains("did you mean `thresholds`"), "{text}");
}
