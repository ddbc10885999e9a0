//! `etastar plot`: the figures of a results folder, or one figure of any columns.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use etastar::figures::{self, Condition, FigureOutcome, LogAxes, Marks, Request, draw_columns};
use etastar::text::wrap;
use serde_json::json;

use super::output_files::{note_if_skipped, print_paths};
use super::output_options::{OutputOptions, TERMINAL_WIDTH};
use super::results_args::ResultsArgs;
use super::standard_output::stdout;

/// Arguments of `plot`.
#[derive(Debug, Args)]
#[command(after_help = "\
The columns are those of summary.csv, of another CSV in the folder, or of
history.csv of every run, whichever has them all. A figure shows the median and
the range of all rows with the same values of --x, --by and --facet, and says
what else they differ in. Where two tables have a column of the same name,
history.learning_rate and summary.learning_rate tell them apart.

One line for each batch size:
  etastar plot results/quick --x learning_rate --y trace --by batch_size
Loss curves:
  etastar plot results/quick --x epoch --y loss --by learning_rate \\
      --where batch_size=4
A point for every run:
  etastar plot results/quick --x sharpness_gn --y eta_var --where 'seed<=2'")]
pub struct Plot {
    #[command(flatten)]
    results: ResultsArgs,
    #[command(flatten)]
    columns: ColumnArgs,
}

/// One figure of columns by their names.
#[derive(Debug, Args)]
#[command(next_help_heading = "One figure of any columns")]
struct ColumnArgs {
    /// Column on the horizontal axis
    #[arg(long, value_name = "COLUMN", requires = "y")]
    x: Option<String>,
    /// Column on the vertical axis; several, separated by commas, share it
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', requires = "x")]
    y: Vec<String>,
    /// One line for each value of these columns
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', requires = "x")]
    by: Vec<String>,
    /// One panel for each value of these columns
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', requires = "x")]
    facet: Vec<String>,
    /// Only rows with this: COLUMN=VALUE, or !=, <, <=, > or >= (in quotes); may be repeated
    #[arg(long = "where", value_name = "CONDITION", requires = "x")]
    conditions: Vec<Condition>,
    /// Logarithmic axes [default: where the values are spread or spaced so]
    #[arg(long, value_name = "AXES", requires = "x")]
    log: Option<Log>,
    /// Lines through medians, or a point for every row [default: points if x is measured]
    #[arg(long, value_name = "MARKS", requires = "x")]
    marks: Option<MarksArg>,
    /// The table: summary, history, or another CSV of the folder or of its runs [default: the
    /// first that has every column]
    #[arg(long, value_name = "NAME", requires = "x")]
    table: Option<String>,
    /// File to write, .svg or .png [default: both in figures/ of the folder, named by the columns]
    #[arg(long, short, value_name = "FILE", requires = "x")]
    out: Option<PathBuf>,
}

/// Logarithmic axes.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Log {
    X,
    Y,
    Xy,
    None,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MarksArg {
    Lines,
    Points,
}

impl Plot {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        if let Some(request) = self.columns.request() {
            return self.draw_columns(&request, output);
        }
        let folder = self.results.with_summary(output)?;
        let outcomes = figures::draw_all(&folder.join("summary.csv"), &folder.join("figures"))?;
        let mut stdout = stdout();
        if output.json {
            let figures: Vec<_> = outcomes.iter().map(to_json).collect();
            writeln!(stdout, "{:#}", json!(figures))?;
            return Ok(ExitCode::SUCCESS);
        }
        outcomes.iter().for_each(|figure| note_if_skipped(figure, output));
        print_paths(outcomes.iter().flat_map(FigureOutcome::files), &mut stdout)?;
        Ok(ExitCode::SUCCESS)
    }

    fn draw_columns(&self, request: &Request, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let folder = self.results.gathered(output)?;
        let drawn = draw_columns(folder, request, self.columns.out.as_deref())?;
        let mut stdout = stdout();
        if output.json {
            let json = json!({
                "files": drawn.files,
                "table": drawn.table,
                "rows": drawn.rows,
                "curves": drawn.curves,
                "mixed": drawn.mixed,
                "notes": drawn.notes,
            });
            writeln!(stdout, "{json:#}")?;
            return Ok(ExitCode::SUCCESS);
        }
        drawn.notes.iter().for_each(|note| output.note(&wrap(note, TERMINAL_WIDTH, 2)));
        print_paths(&drawn.files, &mut stdout)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl ColumnArgs {
    /// What is asked for; `None` without any column.
    fn request(&self) -> Option<Request> {
        Some(Request {
            x: self.x.clone()?,
            y: self.y.clone(),
            by: self.by.clone(),
            facet: self.facet.clone(),
            conditions: self.conditions.clone(),
            table: self.table.clone(),
            log: self.log.map(|log| LogAxes {
                x: matches!(log, Log::X | Log::Xy),
                y: matches!(log, Log::Y | Log::Xy),
            }),
            marks: self.marks.map(|marks| match marks {
                MarksArg::Lines => Marks::Lines,
                MarksArg::Points => Marks::Points,
            }),
        })
    }
}

fn to_json(outcome: &FigureOutcome) -> serde_json::Value {
    match outcome {
        FigureOutcome::Drawn { name, svg, png } => json!({ "name": name, "svg": svg, "png": png }),
        FigureOutcome::Skipped { name, reason } => json!({ "name": name, "skipped": reason }),
    }
}
