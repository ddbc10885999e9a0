//! `etastar compare`: a results folder compared with the published curves.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use etastar::compare::{
    CompareError, Comparison, Deviation, EdgeStatistics, Range, SignCounts, compare,
    read_published, read_runs,
};
use etastar::figures::{FigureOutcome, draw_comparison};
use etastar::store::read_json;
use etastar::text::{number, optional};
use serde_json::{Value, json};

use super::output_files::print_paths;
use super::output_options::OutputOptions;
use super::results_args::ResultsArgs;
use super::standard_output::stdout;
use super::text_table::table_with_header;

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct Compare {
    #[command(flatten)]
    results: ResultsArgs,
    /// Other published curves, with the columns of data/published/mulayoff2024_figures.csv
    #[arg(long, value_name = "CSV")]
    published: Option<PathBuf>,
}

impl Compare {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let folder = self.results.with_summary(output)?;
        let path = folder.join("summary.csv");
        let (runs, published) = (read_runs(&path)?, read_published(self.published.as_deref())?);
        let found = compare(&runs, &published);
        if found.iter().all(|comparison| comparison.points == 0) {
            return Err(CompareError::NothingInCommon { path }.into());
        }
        if !is_papers_network(folder) {
            output
                .note("these runs are not of the paper's network: the ratios compare two problems");
        }
        if runs.iter().any(|run| !run.optimizer.is_plain()) {
            output.note("the published minima are of plain SGD: not all of these runs are");
        }
        let figures = draw_comparison(&runs, &published, &folder.join("figures"))?;
        let mut stdout = stdout();
        if output.json {
            writeln!(stdout, "{:#}", json!(found))?;
            return Ok(ExitCode::SUCCESS);
        }
        for found in found.chunk_by(|a, b| a.settings == b.settings) {
            for (name, value) in found.iter().take(1).flat_map(|first| &first.settings) {
                writeln!(stdout, "{name} = {value}")?;
            }
            for table in [ratio_table, edge_table, epoch_edge_table] {
                write!(stdout, "{}", table(found))?;
            }
        }
        print_paths(figures.iter().flat_map(FigureOutcome::files), &mut stdout)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether the runs have the paper's one hidden layer of 1024 units; assumed if the folder has no
/// experiment.json.
fn is_papers_network(folder: &Path) -> bool {
    let settings = read_json::<Value>(&folder.join("experiment.json")).ok().flatten();
    settings.is_none_or(|settings| settings["model"]["hidden"] == json!([1024]))
}

fn ratio_table(found: &[Comparison]) -> String {
    let header =
        ["B", "runs", "λ_max", "worst", "(17)", "worst", "last η", "first failed", "paper"];
    let text = table_with_header(header, found.iter().map(ratio_row));
    format!(
        "ratios of our λ_max and bound (17) to the published ones: median and worst;\n\
         the last step size that converges, the first failure beyond it, the paper's last\n\n{text}\n"
    )
}

/// The minima with an exact threshold; empty if there are none.
fn edge_table(found: &[Comparison]) -> String {
    let rows: Vec<Vec<String>> = found
        .iter()
        .filter_map(|comparison| Some(edge_row(comparison.batch_size, &comparison.edge?)))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let header = ["B", "minima", "λ_max", "(17)", "(27)", "exact", "rank", "λ −/+/?", "epochs"];
    let table = table_with_header(header, rows);
    format!(
        "\nwhere SGD stops: times η/2, so that the edge of mean-square stability is at 1,\n\
         from least to most; rank of the second moment that grows first (median); how\n\
         many minima have a Lyapunov exponent below 0, above 0 and undecided, of\n\
         independent batches and of shuffled epochs\n\n{table}\n"
    )
}

/// The minima with thresholds of shuffled epochs; empty if there are none.
fn epoch_edge_table(found: &[Comparison]) -> String {
    let row = |comparison: &Comparison| {
        let edge = comparison.edge?;
        let known = [edge.epoch_mean_square, edge.epoch_almost_sure];
        known.iter().any(Option::is_some).then(|| {
            let size = comparison.batch_size.to_string();
            std::iter::once(size).chain(known.into_iter().flat_map(epoch_cells)).collect()
        })
    };
    let rows: Vec<Vec<String>> = found.iter().filter_map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let header = ["B", "minima", "least", "median", "most", "minima", "least", "median", "most"];
    let table = table_with_header(header, rows);
    format!(
        "\nthe same for the runs as they are: η over η*_var of shuffled epochs, and over their\n\
         η*_as\n\n{table}\n"
    )
}

fn epoch_cells(range: Option<Range>) -> [String; 4] {
    let Some(Range { count, least, median, most }) = range else {
        return ["0", "–", "–", "–"].map(str::to_owned);
    };
    let [least, median, most] = [least, median, most].map(|value| format!("{value:.3}"));
    [count.to_string(), least, median, most]
}

fn edge_row(batch_size: usize, edge: &EdgeStatistics) -> Vec<String> {
    let range = |range: Range| format!("{:.2}–{:.2}", range.least, range.most);
    let mut row = vec![batch_size.to_string(), edge.minima.to_string()];
    row.extend([edge.sharpness, edge.bound_17, edge.bound_27, edge.exact].map(range));
    row.push(format!("{:.0}", edge.effective_rank.median));
    let signs =
        |found: SignCounts| format!("{}/{}/{}", found.stable, found.unstable, found.undecided);
    row.extend([edge.exponents, edge.epoch_exponents].map(signs));
    row
}

fn ratio_row(found: &Comparison) -> Vec<String> {
    let ratio = |deviation: Option<Deviation>, of: fn(Deviation) -> f64| {
        deviation.map_or_else(|| "–".to_owned(), |d| format!("{:.2}", of(d).exp()))
    };
    vec![
        found.batch_size.to_string(),
        found.points.to_string(),
        ratio(found.sharpness, |d| d.median),
        ratio(found.sharpness, |d| d.worst),
        ratio(found.bound_17, |d| d.median),
        ratio(found.bound_17, |d| d.worst),
        optional(found.largest),
        optional(found.smallest_failed),
        number(found.largest_published),
    ]
}
