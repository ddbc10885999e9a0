//! The runs of a sweep: every combination of the values of its axes.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::axis::Axis;
use super::condition::Condition;
use super::config_file::ConfigFile;
use super::contradiction::Contradiction;
use super::error::{ConfigError, Problem};
use super::origin::Origin;
use super::overrides;
use super::plan::{RunSpec, run_of_sweep};
use super::reader::{FromDocument, read_table};
use super::schema::Config;
use super::value::Table;

/// Most runs of a sweep.
const MAX_RUNS: usize = 1_000_000;
/// Problems after which no more runs are checked.
const MAX_PROBLEMS: usize = 50;

/// A sweep: the settings of its file and its runs.
#[derive(Debug, Clone)]
pub struct Grid {
    /// The settings of the file; `[run]` and `[slurm]` are those of all runs.
    pub config: Config,
    /// In the order of the loops over the axes, the last axis innermost.
    pub runs: Vec<GridRun>,
}

/// One run of a sweep.
#[derive(Debug, Clone)]
pub struct GridRun {
    pub spec: RunSpec,
    /// Whether its step size is a point of a range, which earlier versions rounded differently.
    pub rate_is_rounded: bool,
}

impl Grid {
    /// The keys of the axes that have no short name in `[sweep]`, the outermost first.
    pub fn further_axes(&self) -> Vec<String> {
        let axes = self.config.sweep.axes.iter();
        axes.filter(|axis| !axis.has_short_name()).map(|axis| axis.key.clone()).collect()
    }
}

impl ConfigFile {
    /// The sweep of the file. `resolve` completes the settings of every run that the file leaves open.
    ///
    /// Every run is the file with the axes' values in the places of their keys, read as any file is.
    ///
    /// # Errors
    /// Every problem of the file, of the overrides and of the axes' values.
    pub fn grid(&self, mut resolve: impl FnMut(&mut Config)) -> Result<Grid, ConfigError> {
        let (mut config, found) = read_table::<Config>(&self.table, &self.results);
        let mut problems = Problems::default();
        found.into_iter().chain(self.problems.iter().cloned()).for_each(|p| problems.add(p));
        let axes = std::mem::take(&mut config.sweep.axes);
        let condition = config.sweep.condition.clone();
        let is_log_range = |axis: &Axis| axis.key == "train.learning_rate" && axis.is_log_range;
        let rate_is_rounded = axes.iter().any(is_log_range);
        let mut runs = Vec::new();
        match count(&axes) {
            Some(count) => runs.reserve(count),
            None => problems.add(Problem {
                origin: Origin::Unknown,
                message: format!("the sweep has more than {MAX_RUNS} runs"),
            }),
        }
        if count(&axes).is_some() {
            let mut table = self.table.clone();
            table.remove("sweep");
            let _ =
                for_each_combination(&mut table, &axes, &mut problems, &mut |table, problems| {
                    let sweep = (&axes[..], condition.as_ref());
                    let run = self.read_run(table, sweep, problems, &mut resolve);
                    runs.extend(run.map(|spec| GridRun { spec, rate_is_rounded }));
                    problems.stop_if_many()
                });
        }
        if let Some((_, origin)) = condition.filter(|_| runs.is_empty() && problems.list.is_empty())
        {
            let message = "`sweep.where` leaves out every run".to_owned();
            problems.add(Problem { origin, message });
        }
        if problems.list.is_empty() {
            config.sweep.axes = axes;
            resolve(&mut config);
            return Ok(Grid { config, runs });
        }
        Err(self.invalid(problems.list))
    }

    /// The run with the settings of `table`; `None` after a problem, and if the condition leaves it out.
    fn read_run(
        &self,
        table: &Table,
        (axes, condition): (&[Axis], Option<&(Condition, Origin)>),
        problems: &mut Problems,
        resolve: &mut impl FnMut(&mut Config),
    ) -> Option<RunSpec> {
        let (mut config, found) = read_table::<Config>(table, &self.results);
        if !found.is_empty() {
            found.into_iter().for_each(|problem| problems.add(problem));
            return None;
        }
        let contradictions = config.contradictions();
        resolve(&mut config);
        let spec = run_of_sweep(&config)
            .map_err(|missing| {
                problems.add(Problem { origin: Origin::Unknown, message: missing.to_string() });
            })
            .ok()?;
        if let Some((condition, origin)) = condition {
            let holds = condition.holds(&|key| spec.setting(key)).map_err(|fault| {
                let message = format!("`sweep.where`: {fault}");
                problems.add(Problem { origin: origin.clone(), message });
            });
            if holds != Ok(true) {
                return None;
            }
        }
        for contradiction in contradictions {
            problems.add_contradiction(contradiction, axes, table);
        }
        Some(spec)
    }
}

/// The number of runs; `None` if there are too many.
fn count(axes: &[Axis]) -> Option<usize> {
    let product = axes.iter().try_fold(1_usize, |product, axis| product.checked_mul(axis.len()));
    product.filter(|&count| count <= MAX_RUNS)
}

/// Calls `visit` with `table` at every combination of the values of `axes`.
fn for_each_combination(
    table: &mut Table,
    axes: &[Axis],
    problems: &mut Problems,
    visit: &mut impl FnMut(&Table, &mut Problems) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let Some((axis, inner)) = axes.split_first() else { return visit(table, problems) };
    for value in &axis.values {
        let set = overrides::insert(table, &axis.key, axis.origin.clone(), value.clone());
        if let Err(part) = set {
            let message = format!("`{}` has no key to vary: `{part}` is not a section", axis.name);
            problems.add(Problem { origin: axis.origin.clone(), message });
            return ControlFlow::Continue(());
        }
        for_each_combination(table, inner, problems, visit)?;
    }
    ControlFlow::Continue(())
}

/// Problems, each once: those of the file and of one element are met by many runs.
#[derive(Default)]
struct Problems {
    list: Vec<Problem>,
    contradictions: HashSet<String>,
}

impl Problems {
    fn add(&mut self, problem: Problem) {
        if !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    /// Adds a contradiction, with the values that the further axes have in the first run that has it.
    fn add_contradiction(&mut self, contradiction: Contradiction, axes: &[Axis], table: &Table) {
        if !self.contradictions.insert(contradiction.message.clone()) {
            return;
        }
        let further = axes.iter().filter(|axis| !axis.has_short_name());
        let values: Vec<String> = further
            .filter_map(|axis| {
                let node = overrides::get(table, &axis.key)?;
                Some(format!("{} = {}", axis.key, node.value.describe()))
            })
            .collect();
        let at =
            if values.is_empty() { String::new() } else { format!(", with {}", values.join(", ")) };
        let Problem { origin, message } = contradiction.into_problem(table);
        self.add(Problem { origin, message: message + &at });
    }

    fn stop_if_many(&self) -> ControlFlow<()> {
        if self.list.len() < MAX_PROBLEMS {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}
