//! From a CSV on disk to files on disk.

use std::fs;
use std::path::{Path, PathBuf};

use resvg::usvg::{Options, Tree};
use tempfile::TempDir;

use super::{FigureOutcome, FiguresError, draw_all, embedded_figures};
use crate::table::TableError;

const HEADER: &str = "seed,batch_size,learning_rate,host,stop_reason,sharpness_gn,bound_17,\
    generalized_sharpness,algorithm,sampling";

/// A folder with a `summary.csv` of the given lines.
fn sweep(lines: &[String]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("summary.csv");
    fs::write(&csv, lines.join("\n")).unwrap();
    (folder, csv)
}

/// Three step sizes, three batch sizes, two seeds, and one run that diverged.
fn grid() -> Vec<String> {
    let mut lines = vec![HEADER.to_owned()];
    for (eta, batch) in [0.01, 0.02, 0.05].into_iter().flat_map(|e| [1, 8, 64].map(|b| (e, b))) {
        for seed in 0..2 {
            let sharpness = 2.0 / eta * (0.5 + f64::from(batch) / 140.0) + f64::from(seed);
            let (bound, exact) = (sharpness * 1.02, 1.96 / eta);
            lines.push(format!(
                "{seed},{batch},{eta},a,converged,{sharpness},{bound},{exact},sgd,distinct"
            ));
        }
    }
    lines.push("0,1,0.1,a,diverged,,,,sgd,distinct".to_owned());
    lines
}

fn refusal(lines: &[&str]) -> String {
    let (folder, csv) = sweep(&lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>());
    let out = folder.path().join("figures");
    let message = draw_all(&csv, &out).unwrap_err().to_string();
    assert!(!out.exists(), "a refused file leaves no figures behind");
    message.replace(&csv.display().to_string(), "CSV")
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut files: Vec<_> = entries.map(|p| (name(&p), fs::read(&p).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn the_edge_of_shuffled_epochs_is_drawn_where_it_is_known() {
    let lines = [
        "batch_size,learning_rate,stop_reason,sharpness_gn,eta_as_epoch,eta_var_epoch,\
         eta_var_epoch_low,eta_var_epoch_high",
        "4,0.01,converged,50,0.0102,,,",
        "4,0.02,converged,30,,0.0203,0.0198,0.0208",
    ];
    let (folder, csv) = sweep(&lines.map(str::to_owned));
    let outcomes = draw_all(&csv, &folder.path().join("figures")).unwrap();
    let drawn = |name: &str| {
        outcomes
            .iter()
            .any(|outcome| matches!(outcome, FigureOutcome::Drawn { name: n, .. } if n == name))
    };
    assert!(drawn("edge_of_shuffled_epochs"), "{outcomes:?}");
    let svg = folder.path().join("figures/edge_of_shuffled_epochs.svg");
    let svg = fs::read_to_string(svg).unwrap();
    assert!(svg.contains("Bars of single runs: 95% interval."), "{svg}");
    let (folder, csv) = sweep(&grid());
    let outcomes = draw_all(&csv, &folder.path().join("figures")).unwrap();
    assert!(outcomes.iter().all(|outcome| !format!("{outcome:?}").contains("shuffled")));
}

#[test]
fn every_figure_is_a_valid_svg_and_a_png_of_the_same_shape() {
    let (folder, csv) = sweep(&grid());
    let out = folder.path().join("figures");
    let outcomes = draw_all(&csv, &out).unwrap();
    assert_eq!(outcomes.len(), 4);
    for outcome in outcomes {
        let FigureOutcome::Drawn { svg, png, .. } = outcome else {
            panic!("{outcome:?}");
        };
        let tree = Tree::from_str(&fs::read_to_string(svg).unwrap(), &Options::default()).unwrap();
        let pixels = resvg::tiny_skia::Pixmap::load_png(png).unwrap();
        let shape = tree.size().width() / tree.size().height();
        let drawn = pixels.width() as f32 / pixels.height() as f32;
        assert!((shape / drawn - 1.0).abs() < 0.01);
        assert!(pixels.pixels().iter().all(|pixel| pixel.alpha() == 255));
        let dark = pixels.pixels().iter().filter(|pixel| pixel.green() < 128);
        assert!(dark.count() > 10_000, "text and lines are drawn");
    }
    assert_eq!(files(&out).len(), 8, "no temporary file stays behind");
}

#[test]
fn the_order_of_rows_changes_no_byte() {
    let lines = grid();
    let mut reversed = lines.clone();
    reversed[1..].reverse();
    let drawn = [lines, reversed].map(|lines| {
        let (folder, csv) = sweep(&lines);
        draw_all(&csv, &folder.path().join("figures")).unwrap();
        files(&folder.path().join("figures"))
    });
    assert_eq!(drawn[0], drawn[1]);
}

#[test]
fn the_small_print_counts_seeds_and_runs_left_out() {
    let (folder, csv) = sweep(&grid());
    draw_all(&csv, folder.path()).unwrap();
    let svg = fs::read_to_string(folder.path().join("figure2_bounds.svg")).unwrap();
    assert!(svg.contains("Median of up to 2 runs"), "{svg}");
    assert!(svg.contains("Left out: 1 of 19 runs (1 diverged)."), "{svg}");
}

#[test]
fn figures_without_data_are_skipped_with_the_reason() {
    let row = "1,0.01,converged,120".to_owned();
    let (folder, csv) =
        sweep(&["batch_size,learning_rate,stop_reason,sharpness_gn".to_owned(), row]);
    let outcomes = draw_all(&csv, folder.path()).unwrap();
    let told = outcomes.into_iter().map(|outcome| match outcome {
        FigureOutcome::Drawn { name, .. } => format!("drawn {name}"),
        FigureOutcome::Skipped { reason, .. } => reason,
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "drawn figure1a_sharpness",
            "no step size has converged runs at two batch sizes",
            "the columns `bound_17`, `bound_27` and `generalized_sharpness` are all empty",
            "the column `generalized_sharpness` is empty",
        ]
    );
}

#[test]
fn methods_are_never_mixed_in_one_figure() {
    let mut lines = grid();
    let others = lines[1..].iter().map(|line| line.replace("distinct", "with/replacement"));
    lines.extend(others.collect::<Vec<_>>());
    let (folder, csv) = sweep(&lines);
    let out = folder.path().join("figures");
    assert_eq!(draw_all(&csv, &out).unwrap().len(), 8);
    assert!(out.join("figure1a_sharpness_sgd_distinct.svg").exists());
    assert!(out.join("figure1a_sharpness_sgd_with_replacement.svg").exists());
}

/// The grid at two widths, the second ten times as sharp, and with a third column that does not vary.
fn facets() -> Vec<String> {
    let mut lines = vec![format!("run_id,{HEADER},model.hidden,data.copies")];
    for (width, factor) in [(128, 10.0), (64, 1.0)] {
        for (i, line) in grid()[1..].iter().enumerate() {
            let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            if let Ok(sharpness) = cells[5].parse::<f64>() {
                cells[5] = (factor * sharpness).to_string();
            }
            lines.push(format!("r{width}x{i},{},[{width}],1", cells.join(",")));
        }
    }
    lines
}

#[test]
fn further_axes_have_a_panel_or_a_file_for_each_value_and_no_line_mixes_them() {
    let (folder, csv) = sweep(&facets());
    let out = folder.path().join("figures");
    // A figure of before the axis would mix it.
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join("figure2_bounds.svg"), "old").unwrap();
    draw_all(&csv, &out).unwrap();
    let names: Vec<String> = files(&out)
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.ends_with("svg"))
        .collect();
    assert_eq!(
        names,
        [
            "edge_of_stability.svg",
            "figure1a_sharpness.svg",
            "figure1b_sharpness_vs_batch.svg",
            "figure2_bounds_model.hidden_128.svg",
            "figure2_bounds_model.hidden_64.svg",
        ]
    );
    let svg = fs::read_to_string(out.join("figure1a_sharpness.svg")).unwrap();
    for title in ["model.hidden = [64]", "model.hidden = [128]"] {
        assert!(svg.contains(title), "{title}");
    }
    assert!(!svg.contains("data.copies"));
    assert!(
        svg.contains("Median of up to 2 runs") && svg.contains("Left out: 2 of 38 runs"),
        "{svg}"
    );
    let bounds = fs::read_to_string(out.join("figure2_bounds_model.hidden_64.svg")).unwrap();
    assert!(bounds.contains("model.hidden = [64]. Median of up to 2 runs"), "{bounds}");
    let path = Path::new("summary.csv");
    let embedded = embedded_figures(facets().join("\n").as_bytes(), path).unwrap();
    for figure in &embedded.drawn {
        for target in &figure.targets {
            let widths = target.runs.iter().map(|run| run.split('x').next().unwrap());
            let widths: std::collections::BTreeSet<&str> = widths.collect();
            assert_eq!((target.runs.len(), widths.len()), (2, 1), "{}: {target:?}", figure.name);
        }
    }
}

#[test]
fn an_axis_of_one_value_changes_no_byte() {
    let drawn = [grid(), facets()].map(|lines| {
        let lines: Vec<String> = lines.into_iter().filter(|line| !line.contains("[128]")).collect();
        let (folder, csv) = sweep(&lines);
        draw_all(&csv, &folder.path().join("figures")).unwrap();
        files(&folder.path().join("figures"))
    });
    assert!(drawn[0] == drawn[1]);
}

#[test]
fn a_name_from_the_csv_cannot_break_the_svg() {
    let mut lines = grid();
    lines.push("0,1,0.01,a,converged,9,,,<svg onload=\"x\">&,distinct".to_owned());
    let (folder, csv) = sweep(&lines);
    draw_all(&csv, folder.path()).unwrap();
    for (name, content) in files(folder.path()) {
        if name.ends_with(".svg") {
            let text = String::from_utf8(content).unwrap();
            assert!(Tree::from_str(&text, &Options::default()).is_ok(), "{name}");
        }
    }
}

#[test]
fn refusals_name_the_fault() {
    let head = "learning_rate,batch_size,stop_reason,sharpness_gn";
    assert_eq!(
        refusal(&["learning_rate,batch_size,sharpness_gn", "1,1,1"]),
        "CSV has no column `stop_reason`: is it the summary.csv of a sweep?"
    );
    assert_eq!(
        refusal(&[head, "0.1,1,converged,2", "0.1,2,converged,NaN"]),
        "CSV, line 3, column `sharpness_gn`: `NaN` is not a positive number"
    );
    assert_eq!(
        refusal(&[head, "0.1,0.5,converged,2"]),
        "CSV, line 2, column `batch_size`: `0.5` is not a positive whole number"
    );
    assert_eq!(
        refusal(&[head, "0.1,1,tired,2"]),
        "CSV, line 2, column `stop_reason`: `tired` is not converged, max_epochs or diverged"
    );
    assert_eq!(
        refusal(&[head, "0.1,1,max_epochs,", "0.2,1,diverged,"]),
        "nothing to draw: none of the 2 runs in CSV converged \
         (1 stopped at the last epoch, 1 diverged)"
    );
    assert!(refusal(&[head, "0.1,1"]).starts_with("CSV is not a readable CSV file: "));
    assert!(refusal(&["", ""]).contains("no column `learning_rate`"));
}

#[test]
fn a_missing_file_and_a_binary_one_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = draw_all(&folder.path().join("none.csv"), folder.path());
    assert!(matches!(missing, Err(FiguresError::Table(TableError::Open { .. }))));
    let binary = folder.path().join("binary.csv");
    fs::write(&binary, [0xff, 0xfe, 0x00, 0x0a, 0xff]).unwrap();
    let refused = draw_all(&binary, folder.path());
    assert!(matches!(refused, Err(FiguresError::Table(TableError::Csv { .. }))));
}

#[test]
fn an_output_folder_that_cannot_be_made_is_an_error() {
    let (folder, csv) = sweep(&grid());
    let out = folder.path().join("summary.csv/figures");
    assert!(matches!(draw_all(&csv, &out), Err(FiguresError::Write { .. })));
}

/// The grid with the momenta 0 and 0.9.
fn momenta() -> Vec<String> {
    let mut lines = vec![format!("{HEADER},train.momentum")];
    for momentum in ["0.0", "0.9"] {
        lines.extend(grid()[1..].iter().map(|line| format!("{line},{momentum}")));
    }
    lines
}

#[test]
fn both_edges_are_drawn_where_the_optimizer_is_not_plain_sgd() {
    let (folder, csv) = sweep(&momenta());
    let out = folder.path().join("figures");
    draw_all(&csv, &out).unwrap();
    let texts = |name: &str| {
        let svg = fs::read_to_string(out.join(name)).unwrap();
        // Labels are divided into spans where they change to italics.
        let mut text = String::new();
        let mut is_text = true;
        for c in svg.chars() {
            match c {
                '<' => is_text = false,
                '>' => is_text = true,
                // Lines of a caption are texts of their own.
                _ if is_text && !c.is_whitespace() => text.push(c),
                _ => {}
            }
        }
        text
    };
    let edges = "2/η:edgeforthegeneralizedsharpness;2(1+m)/η:edgeofthefullbatch,forλmax.";
    for name in ["figure1a_sharpness.svg", "figure1b_sharpness_vs_batch.svg"] {
        let text = texts(name);
        assert!(text.contains("m=0.9") && text.contains("m=0"), "{name}: {text}");
        assert!(text.contains(edges), "{name}: {text}");
    }
    let bounds = texts("figure2_bounds_train.momentum_0.9.svg");
    assert!(bounds.contains("Optimizer:heavyball,m=0.9.") && bounds.contains(edges), "{bounds}");
    let plain = texts("figure2_bounds_train.momentum_0.0.svg");
    assert!(!plain.contains("(1+m)") && !plain.contains("Optimizer"), "{plain}");
}

#[test]
fn a_column_of_plain_sgd_changes_no_byte() {
    let with_column: Vec<String> =
        momenta().into_iter().filter(|line| !line.ends_with("0.9")).collect();
    let drawn = [grid(), with_column].map(|lines| {
        let (folder, csv) = sweep(&lines);
        draw_all(&csv, &folder.path().join("figures")).unwrap();
        files(&folder.path().join("figures"))
    });
    assert!(drawn[0] == drawn[1]);
}
