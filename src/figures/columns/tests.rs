//! From CSVs in a folder to charts and files.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::figure::Figure;
use super::{ColumnsError, LogAxes, Marks, Request, draw_columns, tables};
use crate::figures::plotting::chart::Point;
use crate::figures::plotting::markup::plain;
use crate::figures::plotting::scale::ScaleKind;

/// Three seeds at two step sizes, two batch sizes and two widths. The sharpness is 100 B + seed at one
/// layer of 8 and ten times that at 16; the run of the last seed at B = 2 diverged.
fn sweep() -> TempDir {
    let mut lines = vec![
        "run_id,learning_rate,batch_size,seed,stop_reason,sharpness_gn,model.hidden".to_owned(),
    ];
    let mut id = 0;
    for (width, factor) in [(8, 1), (16, 10)] {
        for rate in ["0.01", "0.1"] {
            for batch in [1, 2] {
                for seed in 0..3 {
                    let diverged = (batch, seed) == (2, 2);
                    let (stop, sharpness) = match diverged {
                        true => ("diverged", String::new()),
                        false => ("converged", (factor * (100 * batch + seed)).to_string()),
                    };
                    lines.push(format!("r{id},{rate},{batch},{seed},{stop},{sharpness},[{width}]"));
                    id += 1;
                }
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("summary.csv"), lines.join("\n")).unwrap();
    folder
}

/// A table of a run.
fn write_table(folder: &Path, run: &str, name: &str, lines: &[&str]) {
    let run = folder.join("runs").join(run);
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join(name), lines.join("\n")).unwrap();
}

fn request(x: &str, y: &str) -> Request {
    let list = |text: &str| text.split(',').map(str::to_owned).collect();
    Request { x: x.to_owned(), y: list(y), ..Request::default() }
}

fn named(columns: &str) -> Vec<String> {
    columns.split(',').map(str::to_owned).collect()
}

fn figure(folder: &TempDir, request: &Request) -> Result<Figure, ColumnsError> {
    let data = tables::load(folder.path(), request.table.as_deref(), request.columns())?;
    Figure::new(&data, request)
}

fn refusal(folder: &TempDir, request: &Request) -> String {
    let message = match figure(folder, request) {
        Ok(_) => panic!("this must be refused"),
        Err(error) => error.to_string(),
    };
    message.replace(&format!("{}/", folder.path().display()), "")
}

/// Label and points of every curve of a panel.
fn curves(figure: &Figure, panel: usize) -> Vec<(String, Vec<Point>)> {
    let curves = figure.chart.panels[panel].curves.iter();
    curves.map(|curve| (plain(&curve.label), curve.points.clone())).collect()
}

#[test]
fn what_is_not_named_becomes_a_median_with_its_range() {
    let folder = sweep();
    let request = Request {
        by: named("batch_size"),
        facet: named("model.hidden"),
        ..request("learning_rate", "sharpness_gn")
    };
    let figure = figure(&folder, &request).unwrap();
    let titles: Vec<&str> = figure.chart.panels.iter().map(|panel| panel.title.as_str()).collect();
    assert_eq!(titles, ["model.hidden = [8]", "model.hidden = [16]"]);
    let point = |x, y, low, high, runs| Point { x, y, low, high, runs };
    assert_eq!(
        curves(&figure, 0),
        [
            ("B = 1".to_owned(), [0.01, 0.1].map(|x| point(x, 101.0, 100.0, 102.0, 3)).to_vec()),
            ("B = 2".to_owned(), [0.01, 0.1].map(|x| point(x, 200.5, 200.0, 201.0, 2)).to_vec()),
        ]
    );
    assert_eq!(curves(&figure, 1)[0].1[0], point(0.01, 1010.0, 1000.0, 1020.0, 3));
    assert_eq!(figure.mixed, ["seed"]);
    let caption = plain(&figure.caption);
    assert!(caption.contains("Median of up to 3 runs; bars: smallest to largest."), "{caption}");
    assert!(caption.contains("Left out: 4 of 24 values (all of them empty)."), "{caption}");
    assert!(figure.notes.iter().all(|note| !note.contains("separate them")), "{:?}", figure.notes);
}

#[test]
fn a_line_that_mixes_a_further_axis_says_so() {
    let folder = sweep();
    let mixed = Request { by: named("batch_size"), ..request("learning_rate", "sharpness_gn") };
    let mixing = figure(&folder, &mixed).unwrap();
    assert_eq!(mixing.mixed, ["model.hidden", "seed"]);
    assert!(plain(&mixing.caption).contains("model.hidden ([8], [16])"), "{}", mixing.caption);
    assert!(mixing.notes[0].contains("separate them with --by model.hidden"), "{:?}", mixing.notes);
    for separated in [
        Request { by: named("batch_size,model.hidden"), ..mixed.clone() },
        Request { conditions: vec!["model.hidden=[8]".parse().unwrap()], ..mixed.clone() },
        Request { x: "model.hidden".to_owned(), by: named("batch_size,learning_rate"), ..mixed },
    ] {
        assert_eq!(figure(&folder, &separated).unwrap().mixed, ["seed"], "{separated:?}");
    }
}

#[test]
fn several_columns_and_two_divisions_have_a_curve_for_every_combination() {
    let folder = sweep();
    let two = request("learning_rate", "sharpness_gn,seed");
    let labels = |request: &Request| -> Vec<String> {
        curves(&figure(&folder, request).unwrap(), 0).into_iter().map(|(label, _)| label).collect()
    };
    assert_eq!(labels(&two), ["sharpness λ_max(H)", "seed"]);
    let divided = Request { by: named("batch_size,model.hidden"), ..two };
    let all = labels(&divided);
    assert_eq!(all.len(), 8);
    assert!(all.contains(&"B = 2, [16], seed".to_owned()), "{all:?}");
}

#[test]
fn measured_abscissas_are_points_and_chosen_ones_are_lines() {
    let folder = sweep();
    let points = figure(&folder, &request("sharpness_gn", "seed")).unwrap();
    assert_eq!(curves(&points, 0)[0].1.len(), 20);
    let lines = Request { marks: Some(Marks::Lines), ..request("sharpness_gn", "seed") };
    let lines = figure(&folder, &lines).unwrap();
    assert!(curves(&lines, 0)[0].1.len() < 20);
}

#[test]
fn histories_know_the_settings_of_their_runs() {
    let folder = sweep();
    let header = "epoch,step,learning_rate,running_loss,loss";
    write_table(folder.path(), "r0", "history.csv", &[header, "0,0,0.005,,9", "1,4,0.01,5,3"]);
    write_table(folder.path(), "r1", "history.csv", &[header, "0,0,0.005,,7", "1,4,0.01,5,1"]);
    write_table(folder.path(), "r6", "history.csv", &[header, "0,0,0.05,,8", "1,4,0.1,5,0"]);
    let by_rate = Request { by: named("learning_rate"), ..request("epoch", "loss") };
    let found = figure(&folder, &by_rate).unwrap();
    let labels: Vec<(String, usize)> =
        curves(&found, 0).into_iter().map(|(label, points)| (label, points[0].runs)).collect();
    assert_eq!(labels, [("η = 0.01".to_owned(), 2), ("η = 0.1".to_owned(), 1)]);
    assert!(
        found.notes.iter().any(|note| note == "21 runs have no history.csv"),
        "{:?}",
        found.notes
    );
    let own = figure(&folder, &request("epoch", "history.learning_rate")).unwrap();
    assert_eq!(curves(&own, 0)[0].1[0].high, 0.05);
    // The last epochs of runs differ, and few runs have them.
    write_table(folder.path(), "r0", "history.csv", &[header, "1,4,1,1,", "2,8,1,1,", "3,9,1,1,"]);
    write_table(folder.path(), "r1", "history.csv", &[header, "1,4,1,1,", "2,8,1,1,", "4,9,1,1,"]);
    write_table(folder.path(), "r6", "history.csv", &[header, "1,4,1,1,", "2,8,1,1,", "9,9,1,1,"]);
    let epochs = |request: &Request| -> Vec<f64> {
        curves(&figure(&folder, request).unwrap(), 0)[0].1.iter().map(|point| point.x).collect()
    };
    assert_eq!(epochs(&request("epoch", "running_loss")), [1.0, 2.0]);
}

#[test]
fn a_table_of_runs_by_any_name_is_found_and_a_run_outside_the_folder_is_not() {
    let folder = sweep();
    let path = folder.path().join("summary.csv");
    let text = fs::read_to_string(&path).unwrap().replace("r1,", "../../x,");
    fs::write(&path, text).unwrap();
    write_table(folder.path(), "r0", "trajectory.csv", &["epoch,trace", "0,1", "5,2"]);
    write_table(folder.path(), "../../x", "trajectory.csv", &["epoch,trace", "0,100"]);
    let found = figure(&folder, &request("epoch", "trace")).unwrap();
    assert_eq!(curves(&found, 0)[0].1.iter().map(|point| point.high).fold(0.0, f64::max), 2.0);
    fs::write(folder.path().join("phase.csv"), "fraction,growth\n0.5,-0.1\n1,0\n").unwrap();
    let other = Request { table: Some("phase".to_owned()), ..request("fraction", "growth") };
    assert_eq!(curves(&figure(&folder, &other).unwrap(), 0)[0].1.len(), 2);
    let none = Request { table: Some("phasse".to_owned()), ..request("fraction", "growth") };
    assert_eq!(
        refusal(&folder, &none),
        "there is no table `phasse`; did you mean `phase`? Tables: summary, phase, trajectory"
    );
}

#[test]
fn refusals_name_the_fault_and_the_remedy() {
    let folder = sweep();
    let unknown = refusal(&folder, &request("learning_rat", "sharpness_gn"));
    assert!(
        unknown.starts_with("there is no column `learning_rat`; did you mean `learning_rate`?")
    );
    assert!(unknown.contains("\n  summary:\n    run_id, learning_rate, batch_size"), "{unknown}");
    let words = refusal(&folder, &request("learning_rate", "stop_reason"));
    assert!(words.starts_with("the column `stop_reason` is not numeric"), "{words}");
    assert!(words.contains("summary.csv, line 2: `converged`"), "{words}");
    assert!(
        words.contains("learning_rate, batch_size, seed, sharpness_gn, model.hidden"),
        "{words}"
    );
    let conditions = |texts: &[&str]| Request {
        conditions: texts.iter().map(|text| text.parse().unwrap()).collect(),
        ..request("learning_rate", "sharpness_gn")
    };
    assert_eq!(
        refusal(&folder, &conditions(&["stop_reason=converged", "batch_size>=4", "seed=9"])),
        "no row of summary.csv is left: `batch_size>=4` removed the last 20 of 24; in them \
         batch_size is 1, 2"
    );
    assert_eq!(
        refusal(&folder, &conditions(&["stop_reason=diverged"])),
        "the column `sharpness_gn` is empty in all 4 selected rows"
    );
    let order = refusal(&folder, &conditions(&["stop_reason<3"]));
    assert!(order.contains("`stop_reason` is not numeric"), "{order}");
    let panels = Request { by: named("run_id"), facet: named("run_id"), ..conditions(&[]) };
    assert!(figure(&folder, &panels).is_ok());
    fs::write(folder.path().join("summary.csv"), "a,b\n").unwrap();
    assert_eq!(refusal(&folder, &request("a", "b")), "summary.csv has no rows");
    fs::write(folder.path().join("summary.csv"), "a,b\n1,\n,2\n").unwrap();
    assert_eq!(refusal(&folder, &request("a", "b")), "no selected row has both `a` and `b`");
    fs::write(folder.path().join("summary.csv"), "a,b\n1,-2\n2,0\n").unwrap();
    let log = LogAxes { x: false, y: true };
    let log = refusal(&folder, &Request { log: Some(log), ..request("a", "b") });
    assert!(log.starts_with("`b` has no positive value"), "{log}");
    let columns: Vec<String> = (0..40).map(|i| format!("{i},1,{i}")).collect();
    fs::write(folder.path().join("summary.csv"), format!("a,b,c\n{}", columns.join("\n"))).unwrap();
    let many = refusal(&folder, &Request { facet: named("c"), ..request("a", "b") });
    assert_eq!(many, "`c` has 40 values, and a figure at most 36 panels; choose some with --where");
}

#[test]
fn values_that_a_logarithmic_axis_cannot_show_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), "a,b\n1,1\n2,-3\n3,0\n4,inf\n5,\n6,9\n").unwrap();
    let log = Some(LogAxes { x: false, y: true });
    let found = figure(&folder, &Request { log, ..request("a", "b") }).unwrap();
    assert_eq!(found.chart.y.kind, ScaleKind::Log10);
    let caption = plain(&found.caption);
    let expected = "Left out: 4 of 6 values (1 empty, 1 infinite, 2 not positive).";
    assert_eq!(caption, expected);
    assert_eq!(curves(&found, 0)[0].1.len(), 2);
}

#[test]
fn files_are_whole_whatever_the_order_of_the_rows_and_the_words_in_them() {
    let folder = sweep();
    let path = folder.path().join("summary.csv");
    let mut text = fs::read_to_string(&path).unwrap();
    text += "\nx,0.01,1,0,<svg onload=\"x\">&*_{,5,[8]";
    let mut lines: Vec<&str> = text.lines().collect();
    let by_word = Request { by: named("stop_reason"), ..request("learning_rate", "sharpness_gn") };
    let draw = |lines: &[&str]| {
        fs::write(&path, lines.join("\n")).unwrap();
        let drawn = draw_columns(folder.path(), &by_word, None).unwrap();
        assert_eq!(drawn.files.len(), 2);
        drawn.files.iter().map(|file| fs::read(file).unwrap()).collect::<Vec<_>>()
    };
    let first = draw(&lines);
    lines[1..].reverse();
    assert_eq!(first, draw(&lines));
    let svg = String::from_utf8(first[0].clone()).unwrap();
    assert!(resvg::usvg::Tree::from_str(&svg, &resvg::usvg::Options::default()).is_ok());
    assert!(svg.contains("&lt;svg onload=&quot;x&quot;&gt;&amp;*_{"), "{svg}");
    let name = "figures/sharpness_gn_against_learning_rate_by_stop_reason.png";
    assert!(folder.path().join(name).exists());
    let out = folder.path().join("new/f.svg");
    let drawn = draw_columns(folder.path(), &by_word, Some(&out)).unwrap();
    assert_eq!(drawn.files, std::slice::from_ref(&out));
    assert_eq!(fs::read(out).unwrap(), first[0]);
    for name in ["f.pdf", "f", "summary.csv"] {
        let error = draw_columns(folder.path(), &by_word, Some(Path::new(name))).unwrap_err();
        assert!(matches!(error, ColumnsError::Format { .. }), "{error}");
    }
}
