//! The configuration as a user meets it: every mistake named with its place, all at once.

use std::path::PathBuf;

use super::*;
use crate::optimizer::{DecoupledDecay, HeavyBall, Nesterov, Optimizer};

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

#[test]
fn any_key_is_an_axis_outside_those_with_short_names() {
    let source = "[train]\nbatch_size = 2\n[sweep]\nlearning_rate = [0.1, 0.2]\nseed = [1, 2]\n\
                  \"model.hidden\" = [[8], [8, 4]]\ndata.label_noise = { linear = [0, 0.4], points = 3 }\n\
                  [sweep.train.warmup]\nepochs = { linear = [10, 20], points = 2 }\n";
    let found = grid(source, &[]).unwrap();
    assert_eq!(found.further_axes(), ["model.hidden", "data.label_noise", "train.warmup.epochs"]);
    let runs = found.runs;
    assert_eq!(runs.len(), 2 * 3 * 2 * 2 * 2);
    let point = |i: usize| {
        let spec = &runs[i].spec;
        let (hidden, noise) = (spec.model.hidden.clone(), spec.data.label_noise);
        (hidden, noise, spec.train.warmup.epochs, spec.train.seed, spec.train.learning_rate)
    };
    assert_eq!(point(0), (vec![8], 0.0, 10, 1, 0.1));
    assert_eq!(point(1), (vec![8], 0.0, 10, 1, 0.2));
    assert_eq!(point(2), (vec![8], 0.0, 10, 2, 0.1));
    assert_eq!(point(4), (vec![8], 0.0, 20, 1, 0.1));
    assert_eq!(point(8), (vec![8], 0.2, 10, 1, 0.1));
    assert_eq!(point(24), (vec![8, 4], 0.0, 10, 1, 0.1));
    // A network of two hidden layers has the engine that it has alone.
    assert_ne!(runs[0].spec.engine, runs[24].spec.engine);
}

#[test]
fn mistakes_of_an_axis_point_at_its_element() {
    let source = "[train]\nbatch_size = 2\n[sweep]\n\"model.hidden\" = [[16], [0]]\n\
                  \"data.label_nois\" = [0, 0.1]\nlearning_rate = [0.1, -1]\n\
                  analysis.tolerance = [1e-3, 1e-4]\n\"run.workers\" = [1, 2]\n\
                  \"slurm.chunk\" = [1, 2]\nbatchsize = [1]\n";
    let text = grid(source, &[]).unwrap_err().to_string();
    for line in [
        "line 4, column 25: `sweep.\"model.hidden\"[1]`: `model.hidden` must be a list of widths",
        "line 5, column 1: unknown key `label_nois` in [data]; did you mean `label_noise`?",
        "line 6, column 23: `sweep.learning_rate[1]`: `train.learning_rate` must be a number from",
        "line 7, column 10: `sweep.analysis.tolerance` cannot be an axis",
        "line 8, column 1: `sweep.\"run.workers\"` cannot be an axis",
        "line 9, column 1: `sweep.\"slurm.chunk\"` cannot be an axis",
        "line 10, column 1: unknown key `batchsize` in [sweep]; did you mean `batch_size`?",
        "has 7 problems",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    for (sweep, fault) in [
        ("\"model.hidden\" = 3", "must be a list of values or a range"),
        ("\"train.tolerance\" = { linear = [1], points = 3 }", "pair of numbers"),
        ("\"train.tolerance\" = { points = 3 }", "needs either `linear` or `log10`"),
        ("seed = [1]\n\"train.seed\" = [2]", "are the same axis"),
        ("batch_size = [1, 4096]", "larger than the data"),
        ("\"run.engine\" = [\"fused\"]\n\"model.hidden\" = [[8], [8, 4]]", "with run.engine = "),
        ("\"train.max_epochs\" = { linear = [1000, 1001], points = 3 }", "found 1000.5"),
        ("seed = { linear = [0, 999999], points = 1000000 }\nbatch_size = [1, 2]", "1000000 runs"),
        ("where = \"batch_size < 1\"", "leaves out every run"),
        ("where = \"batchsize < 1\"", "no run has a key `batchsize`"),
        ("where = \"batch_size < \"", "missing at the end"),
    ] {
        let source = format!("[train]\nbatch_size = 2\nlearning_rate = 0.1\n[sweep]\n{sweep}\n");
        let text = grid(&source, &[]).unwrap_err().to_string();
        assert!(text.contains(fault), "{sweep}: {text}");
    }
}

#[test]
fn a_condition_leaves_combinations_out_before_they_are_checked() {
    let source = "[train]\nlearning_rate = 0.1\n[data]\nsamples_per_class = 2\n[sweep]\n\
                  batch_size = [1, 8, 16]\n\"data.samples_per_class\" = [2, 8]\n\
                  where = \"batch_size <= 8 or data.samples_per_class == 8\"\n";
    let runs = grid(source, &[]).unwrap().runs;
    let sizes: Vec<_> = runs
        .iter()
        .map(|run| (run.spec.data.samples_per_class, run.spec.train.batch_size))
        .collect();
    assert_eq!(sizes, [(2, 1), (2, 8), (8, 1), (8, 8), (8, 16)]);
}

#[test]
fn a_run_by_itself_ignores_the_values_of_the_axes() {
    let source = "[train]\nbatch_size = 2\nlearning_rate = 0.1\n[sweep]\nbatch_size = [0, 4096]\n\
                  \"model.hidden\" = [[0]]\n";
    assert_eq!(single_run(&parse(source, &[]).unwrap()).unwrap().train.batch_size, 2);
    assert!(complaint("[sweep]\nbatchsize = [1]", &[]).contains("did you mean `batch_size`?"));
}

#[test]
fn overrides_take_what_people_type() {
    let set = |overrides: &[&str]| parse("", overrides).unwrap();
    assert_eq!(set(&["train.learning_rate=.03"]).train.learning_rate, Some(0.03));
    assert_eq!(set(&["train.learning_rate=5."]).train.learning_rate, Some(5.0));
    assert_eq!(set(&["train.max_epochs=1e4"]).train.max_epochs, 10_000);
    assert_eq!(set(&["model.hidden=64"]).model.hidden, [64]);
    assert_eq!(set(&["model.hidden=64,32"]).model.hidden, [64, 32]);
    assert_eq!(set(&["data.classes=3, 5"]).data.classes, [3, 5]);
    for name in ["2024-05-01", "2024", "1e4", "true", "007"] {
        assert_eq!(set(&[&format!("run.results={name}")]).run.results, PathBuf::from(name));
    }
    assert_eq!(set(&["slurm.time=01:30:00"]).slurm.time.as_deref(), Some("01:30:00"));
    let rates = |text: &str| {
        let runs = grid("[train]\nbatch_size = 1", &[&format!("sweep.learning_rate={text}")]);
        runs.unwrap().runs.into_iter().map(|run| run.spec.train.learning_rate).collect::<Vec<_>>()
    };
    assert_eq!(rates("0.1"), [0.1]);
    assert_eq!(rates("0.1,.2"), [0.1, 0.2]);
    let widths = |text: &str| {
        let source =
            "[train]\nbatch_size = 1\nlearning_rate = 0.1\n[sweep]\n\"model.hidden\" = [[3]]";
        let runs = grid(source, &[&format!("sweep.model.hidden={text}")]).unwrap().runs;
        runs.into_iter().map(|run| run.spec.model.hidden).collect::<Vec<_>>()
    };
    assert_eq!(widths("[64],[32,16]"), [vec![64], vec![32, 16]]);
    assert_eq!(widths("64,32"), [vec![64], vec![32]]);
    // In a file a list is a list.
    assert!(complaint("[model]\nhidden = 64", &[]).contains("must be a list"));
    for (set, fault) in [
        ("model.hidden=-1", "with every entry a whole number, 0 or more, found -1"),
        ("train.seed=-1", "a whole number, 0 or more, found -1"),
        (
            "train.seed=18446744073709551616",
            "from 0 to 9223372036854775807, found 18446744073709551616",
        ),
        ("train.max_epochs=1.5", "a whole number, 0 or more, found 1.5"),
        ("train.max_epochs=1e300", "a whole number"),
    ] {
        let text = complaint("", &[set]);
        assert!(text.contains(fault), "{set}: {text}");
    }
}

/// The place of every element was found by counting from the start of the file: minutes for such a list.
#[test]
fn a_list_of_a_hundred_thousand_seeds_is_read_once() {
    let seeds: Vec<String> = (0..100_000).map(|seed| seed.to_string()).collect();
    let source = |seeds: &str| {
        format!("[train]\nlearning_rate = 0.1\nbatch_size = 1\n[sweep]\nseed = [{seeds}]\n")
    };
    let list = seeds.join(", ");
    assert_eq!(grid(&source(&list), &[]).unwrap().runs.len(), 100_000);
    let text = grid(&source(&format!("{list}, -1")), &[]).unwrap_err().to_string();
    let column = "seed = [".len() + list.len() + ", ".len() + 1;
    assert!(text.contains(&format!("line 5, column {column}: `sweep.seed[100000]`")), "{text}");
}

#[test]
fn optimizers_come_from_their_keys() {
    let optimizer = |keys: &str| {
        let source = format!("[train]\nlearning_rate = 0.1\nbatch_size = 1\n{keys}");
        single_run(&parse(&source, &[]).unwrap()).unwrap().train.optimizer()
    };
    let (momentum, weight_decay) = (0.9, 0.5);
    assert_eq!(optimizer(""), Optimizer::Sgd);
    assert_eq!(optimizer("momentum = 0\ndecoupled = true"), Optimizer::Sgd);
    assert_eq!(
        optimizer("momentum = 0.9\nweight_decay = 0.5"),
        Optimizer::HeavyBall(HeavyBall { momentum, weight_decay })
    );
    assert_eq!(
        optimizer("momentum = 0.9\nnesterov = true"),
        Optimizer::Nesterov(Nesterov { momentum, weight_decay: 0.0 })
    );
    assert_eq!(
        optimizer("momentum = 0.9\nweight_decay = 0.5\ndecoupled = true"),
        Optimizer::DecoupledDecay(DecoupledDecay { momentum, weight_decay })
    );
}

#[test]
fn settings_that_are_no_optimizer_are_refused_at_their_place() {
    let no_momentum = "Nesterov's step needs a momentum above 0; set train.momentum above 0, or \
                       train.nesterov = false";
    let decoupled = "Nesterov's step with decoupled weight decay is not supported; set \
                     train.decoupled = false, or train.nesterov = false";
    for (keys, fault) in [
        (
            "momentum = 1",
            "line 2, column 12: `train.momentum` must be 0 or more and below 1, found 1",
        ),
        ("momentum = -0.1", "`train.momentum` must be 0 or more and below 1, found -0.1"),
        ("momentum = nan", "`train.momentum` must be 0 or more and below 1, found NaN"),
        ("momentum = \"0.9\"", "`train.momentum` must be a number, found the string"),
        (
            "weight_decay = -1e-4",
            "`train.weight_decay` must be a number from 0 to 1e30, found -0.0001",
        ),
        ("weight_decay = inf", "`train.weight_decay` must be a number from 0 to 1e30, found inf"),
        ("nesterov = 1", "`train.nesterov` must be true or false, found 1"),
        ("dampening = 0.5", "unknown key `dampening` in [train]"),
        ("nesterov = true", &format!("line 2, column 12: {no_momentum}")),
        (
            "momentum = 0.9\nnesterov = true\ndecoupled = true",
            &format!("line 4, column 13: {decoupled}"),
        ),
    ] {
        let text = complaint(&format!("[train]\n{keys}\n"), &[]);
        assert!(text.contains("has 1 problem\n"), "{keys}: {text}");
        assert!(text.contains(fault), "{keys}: {text}");
    }
    let text = complaint("", &["train.nesterov=true"]);
    assert!(text.contains(&format!("--set train.nesterov=true: {no_momentum}")), "{text}");
}

#[test]
fn keys_of_the_optimizer_are_axes() {
    let source = "[train]\nbatch_size = 1\nlearning_rate = 0.1\n[sweep]\n\
                  \"train.momentum\" = [0, 0.9]\ntrain.nesterov = [false, true]\n";
    let text = grid(source, &[]).unwrap_err().to_string();
    assert!(text.contains("has 1 problem\n"), "{text}");
    assert!(
        text.contains(
            "line 6, column 26: `sweep.train.nesterov[1]`: Nesterov's step needs a momentum above 0; set \
             train.momentum above 0, or train.nesterov = false, with train.momentum = 0, \
             train.nesterov = true"
        ),
        "{text}"
    );
    let bad = source.replace("0.9", "1.0");
    let text = grid(&bad, &[]).unwrap_err().to_string();
    assert!(
        text.contains("`sweep.\"train.momentum\"[1]`: `train.momentum` must be 0 or more"),
        "{text}"
    );

    let allowed = format!("{source}where = \"train.momentum > 0 or train.nesterov == false\"\n");
    let found = grid(&allowed, &[]).unwrap();
    assert_eq!(found.further_axes(), ["train.momentum", "train.nesterov"]);
    let settings = |key: &str| {
        let values = found.runs.iter().map(|run| run.spec.setting(key).unwrap().to_string());
        values.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(settings("train.momentum"), "0.0 0.9 0.9");
    assert_eq!(settings("train.nesterov"), "false false true");
    // Every run of this file has a momentum, though its [train] has none.
    let source = "[train]\nbatch_size = 1\nlearning_rate = 0.1\nnesterov = true\n[sweep]\n\
                  \"train.momentum\" = { linear = [0.5, 0.9], points = 2 }\n";
    assert_eq!(grid(source, &[]).unwrap().runs.len(), 2);
}

/// Files of runs do not have a key at its default, and refuse what is no optimizer.
#[test]
fn only_other_optimizers_than_plain_sgd_are_written() {
    let source = "[train]\nlearning_rate = 0.1\nbatch_size = 1\n";
    let run = |keys: &str| single_run(&parse(&format!("{source}{keys}"), &[]).unwrap()).unwrap();
    let plain =
        serde_json::to_string(&run("momentum = 0.0\nnesterov = false\nweight_decay = -0.0"))
            .unwrap();
    assert_eq!(plain, serde_json::to_string(&run("")).unwrap());
    for key in ["momentum", "nesterov", "weight_decay", "decoupled"] {
        assert!(!plain.contains(key), "{plain}");
        assert!(run("").setting(&format!("train.{key}")).is_some(), "{key}");
    }
    let other = run("momentum = 0.9\nnesterov = true\nweight_decay = 1e-3");
    let text = serde_json::to_string(&other).unwrap();
    assert_eq!(serde_json::from_str::<RunSpec>(&text).unwrap(), other);
    assert_eq!(other.with_overrides("test", &[]).unwrap(), other);
    let damaged = text.replace("\"momentum\":0.9", "\"momentum\":1.9");
    assert_ne!(damaged, text);
    let error = serde_json::from_str::<RunSpec>(&damaged).unwrap_err().to_string();
    assert!(error.contains("momentum must be at least 0 and less than 1, not 1.9"), "{error}");
}
