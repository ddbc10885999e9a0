//! The measurements at a minimum as text: the verdict, and a line for each quantity.

use std::io::Write;

use etastar::config::RunSpec;
use etastar::measurement::{Analysis, MeanSquare, Missing, Simulated, Verdict};
use etastar::optimizer::Optimizer;
use etastar::text::{number, optional, wrap};

use super::output_options::TERMINAL_WIDTH;

/// A name, a value and its meaning.
type Line = (&'static str, String, String);

/// Prints what the thresholds say about the run's own step size. `converged` is whether the run reached
/// a minimum, if that is known.
pub fn print_verdict(
    out: &mut impl Write,
    analysis: &Analysis,
    spec: &RunSpec,
    converged: Option<bool>,
) -> anyhow::Result<()> {
    let mut text = Verdict::of(spec, analysis)?.sentence;
    let dead = analysis.dead_samples.unwrap_or(0);
    if dead > 0 {
        let all = spec.data.samples();
        text +=
            &format!(" Of the {all} samples {dead} are dead: no hidden unit sees them any more.");
    }
    if converged.is_none() {
        let loss = number(analysis.loss);
        text += &format!(" That holds if the weights are a minimum: the loss there is {loss}.");
    }
    if converged == Some(false) {
        text += " The run had not converged: these are the thresholds of its last point, which need \
                 not be a minimum.";
        if spec.train.optimizer.weight_decay > 0.0 {
            text += " With weight decay the loss does not go to 0: train.tolerance has to be above the \
                     loss at which it stays.";
        }
    }
    Ok(writeln!(out, "{}", wrap(&text, TERMINAL_WIDTH, 0))?)
}

/// Prints that a run diverged.
pub fn print_divergence(out: &mut impl Write, spec: &RunSpec) -> std::io::Result<()> {
    let (eta, batch_size) = (number(spec.train.learning_rate), spec.train.batch_size);
    let subject = spec.train.optimizer().subject();
    let text = format!(
        "{subject} at η = {eta} and B = {batch_size} diverged: there is no minimum whose stability could \
         be judged."
    );
    writeln!(out, "{}", wrap(&text, TERMINAL_WIDTH, 0))
}

/// Prints the measurements with their meaning, and what could not be measured.
pub fn print_analysis(
    out: &mut impl Write,
    analysis: &Analysis,
    spec: &RunSpec,
) -> anyhow::Result<()> {
    let mut lines = curvature(analysis, spec);
    match &analysis.mean_square {
        Some(exact) => lines.extend(mean_square(analysis, exact, spec.train.optimizer())),
        None => lines.extend(spectrum_free_bounds(analysis)),
    }
    lines.extend(analysis.simulated.iter().flat_map(simulated));
    for (name, value, meaning) in lines {
        writeln!(out, "  {name:<21}  {value:>10}  {meaning}")?;
    }
    print_missing(out, &analysis.missing)
}

fn line(name: &'static str, value: String, meaning: impl Into<String>) -> Line {
    (name, value, meaning.into())
}

fn curvature(analysis: &Analysis, spec: &RunSpec) -> Vec<Line> {
    let optimizer = spec.train.optimizer();
    let edge = optimizer.rule().edge(spec.train.learning_rate);
    let mut lines =
        vec![line("loss", number(analysis.loss), "on all samples, in double precision")];
    if let Some(dead) = analysis.dead_samples.filter(|dead| *dead > 0) {
        lines.push(line("dead samples", dead.to_string(), "all units of a hidden layer are off"));
    }
    lines.extend([
        line("sharpness", optional(analysis.sharpness_gn), "λ_max of H, the Gauss–Newton Hessian"),
        line("  of the true Hessian", optional(analysis.sharpness_hessian), "λ_max"),
    ]);
    if optimizer.is_plain() {
        lines.push(line("2/η", number(edge), "λ_max at the edge of full-batch descent"));
    } else {
        let (rule, eta) = (optimizer.rule(), spec.train.learning_rate);
        let meaning = format!("{}: edge of λ_max", rule.full_batch_edge_formula());
        lines.push(line("  full-batch edge", number(rule.full_batch_edge(eta)), meaning));
        lines.push(line("2/η", number(edge), "generalized sharpness at the edge"));
    }
    let mean = if optimizer.is_plain() { "2/λ_max: largest" } else { "largest" };
    lines.extend([
        line("trace", number(analysis.trace), "of H"),
        line("η*_mean", optional(analysis.eta_mean), format!("{mean} η stable in the mean")),
    ]);
    lines
}

fn mean_square(analysis: &Analysis, exact: &MeanSquare, optimizer: Optimizer) -> Vec<Line> {
    let (upper, meaning) = if optimizer.is_plain() {
        ("  one step", "upper bound: no step expands E‖θ‖²")
    } else {
        ("  upper", "upper bound, from λ_max(C†E) and λ_max")
    };
    let interval = format!("proved: {} to {}", number(exact.lower), optional(exact.upper));
    let mut lines = vec![
        line("η*_var", number(exact.eta_var), "2/(generalized sharpness): largest η stable"),
        line("", String::new(), "in mean square with independent batches"),
        line("generalized sharpness", number(exact.generalized_sharpness), interval),
    ];
    lines.extend(spectrum_free_bounds(analysis));
    lines.extend([
        line("  (27)", number(exact.bound_27), "lower bound, the best found of rank one"),
        line(upper, number(exact.one_step_upper), meaning),
        line(
            "effective rank",
            number(exact.effective_rank),
            "of the second moment that grows first",
        ),
        line("coherence", number(exact.coherence), "σ of Dexter et al."),
    ]);
    lines
}

fn spectrum_free_bounds(analysis: &Analysis) -> [Line; 2] {
    [
        line("  (17)", optional(analysis.bound_17), "lower bound of Mulayoff & Michaeli"),
        line("  (18)", optional(analysis.bound_18), "lower bound of Mulayoff & Michaeli"),
    ]
}

fn simulated(found: &Simulated) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(exponent) = &found.exponent {
        let meaning = interval(exponent.low, exponent.high, " (independent)");
        lines.push(line("Lyapunov exponent", optional(exponent.value), meaning));
    }
    if let Some(exponent) = &found.epoch_exponent {
        let meaning = interval(exponent.low, exponent.high, " per step");
        lines.push(line("  of shuffled epochs", optional(exponent.value), meaning));
    }
    if let Some(edge) = found.eta_as {
        let meaning = interval(Some(edge.low), Some(edge.high), ": almost-sure threshold");
        lines.push(line("η*_as", number(edge.value), meaning));
    }
    if let Some(edge) = found.epoch_eta_as {
        let meaning = interval(Some(edge.low), Some(edge.high), "");
        lines.push(line("  of shuffled epochs", number(edge.value), meaning));
    }
    if let Some(edge) = found.epoch_eta_var {
        let meaning = interval(Some(edge.low), Some(edge.high), ", of shuffled epochs");
        lines.push(line("η*_var", number(edge.value), meaning));
    }
    lines
}

/// Prints what is missing, quantities with the same reason together.
fn print_missing(out: &mut impl Write, missing: &[Missing]) -> anyhow::Result<()> {
    for group in missing.chunk_by(|a, b| a.reason == b.reason) {
        let names: Vec<&str> = group.iter().map(|missing| missing.quantity.as_str()).collect();
        writeln!(out, "  missing: {}", wrap(&names.join(", "), TERMINAL_WIDTH - 11, 4))?;
        writeln!(out, "    {}", wrap(&group[0].reason, TERMINAL_WIDTH - 4, 4))?;
    }
    Ok(())
}

/// An interval and what follows it.
fn interval(low: Option<f64>, high: Option<f64>, rest: &str) -> String {
    format!("{} to {}{rest}", optional(low), optional(high))
}
