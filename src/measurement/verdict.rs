//! What the thresholds of a minimum say about the run's own step size.

use serde::Serialize;

use super::analysis::{Analysis, Exponent};
use crate::config::RunSpec;
use crate::process::{BatchProcess, SamplingError};
use crate::stability::side::Side;
use crate::text::number;

/// Whether SGD is stable at a minimum at the run's own η and B: in mean square, almost surely, in the
/// mean. Each criterion is that of the process that the run really had where it was measured, and else
/// that of independent batches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// All of it in one sentence.
    pub sentence: String,
    /// How the batches of the run come.
    pub process: &'static str,
    /// Whether its batches depend on each other, so that the edges of independent ones are not its own.
    #[serde(skip)]
    is_shuffled: bool,
    pub mean_square: Option<AgainstThreshold>,
    pub almost_surely: Option<ExponentSign>,
    pub mean: Option<AgainstThreshold>,
}

/// A step size beside the largest stable one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AgainstThreshold {
    pub stability: Side,
    /// The process of the threshold.
    pub process: &'static str,
    pub threshold: f64,
    /// The interval of the threshold.
    pub low: f64,
    pub high: f64,
    /// η over the threshold.
    pub ratio: f64,
}

/// The sign of a Lyapunov exponent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ExponentSign {
    pub stability: Side,
    /// The process of the exponent.
    pub process: &'static str,
    /// Per step; `None` is −∞.
    pub exponent: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// What a verdict means where the loss of single samples has a gradient at the minimum.
const NOT_INTERPOLATING: &str = " With weight decay the minimum does not interpolate: stable means that the distance from it stays \
     bounded, as gradients of single samples remain, and H leaves out the curvature that comes with \
     residuals.";

impl Verdict {
    /// The verdict on the run of `spec` from the measurements at its minimum.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn of(spec: &RunSpec, analysis: &Analysis) -> Result<Self, SamplingError> {
        let samples = spec.data.samples();
        let process = spec.train.batches().process(samples)?;
        let eta = spec.train.learning_rate;
        let mean_square = mean_square(spec, analysis, process, samples)?;
        let almost_surely = exponent_sign(analysis, process, samples)?;
        let mean = analysis.eta_mean.map(|edge| against(eta, "the full batch", (edge, edge, edge)));
        let is_full_batch = spec.train.batch_size == samples;
        let mut verdict = Self {
            sentence: String::new(),
            process: process.description(samples)?,
            is_shuffled: process.is_shuffled() && !is_full_batch,
            mean_square,
            almost_surely,
            mean,
        };
        verdict.sentence = verdict.to_sentence(spec);
        if spec.train.optimizer.weight_decay > 0.0 {
            verdict.sentence += NOT_INTERPOLATING;
        }
        Ok(verdict)
    }

    fn to_sentence(&self, spec: &RunSpec) -> String {
        let (subject, process) = (spec.train.optimizer().subject(), self.process);
        let (eta, batch_size) = (number(spec.train.learning_rate), spec.train.batch_size);
        let head = format!("{subject} with {process} at η = {eta} and B = {batch_size} is");
        let almost_surely = self.almost_surely.map_or_else(
            || "not measured almost surely (analysis.lyapunov)".to_owned(),
            |found| self.almost_surely_phrase(found),
        );
        let mean = self
            .mean
            .map_or_else(|| "η*_mean is not known".to_owned(), |found| self.mean_phrase(found));
        match self.mean_square {
            None => {
                format!(
                    "{head} not measured in mean square (analysis.thresholds), {almost_surely}, and {mean}."
                )
            }
            Some(found) if found.process == self.process => {
                let (word, by) = (found.stability.name(), by(found, "η*_var"));
                format!("{head} {word} in mean square ({by}), {almost_surely}, and {mean}.")
            }
            Some(found) => {
                let (word, by) = (found.stability.name(), by(found, "η*_var"));
                format!(
                    "{head} {almost_surely}, and {mean}. Its edge in mean square was not measured \
                     (analysis.eta_var_epoch = true); with {} it would be {word} ({by}).",
                    found.process
                )
            }
        }
    }

    /// The mean of shuffled epochs is not that of the full batch, whose edge η*_mean is.
    fn mean_phrase(&self, found: AgainstThreshold) -> String {
        let (word, by) = (found.stability.name(), by(found, "η*_mean"));
        if self.is_shuffled {
            format!("{by}, the edge of the full batch")
        } else {
            format!("{word} in the mean ({by})")
        }
    }

    fn almost_surely_phrase(&self, found: ExponentSign) -> String {
        let end = |value: Option<f64>| value.map_or_else(|| "-∞".to_owned(), number);
        let other = if found.process == self.process && !self.is_shuffled {
            String::new()
        } else {
            format!(" of {}", found.process)
        };
        let interval = match found.stability {
            Side::Undecided => format!(", {} to {}", end(found.low), end(found.high)),
            Side::Stable | Side::Unstable => String::new(),
        };
        let exponent = end(found.exponent);
        format!(
            "{} almost surely (Lyapunov exponent{other} {exponent} per step{interval})",
            found.stability.name()
        )
    }
}

/// "η is 2.1% below η*_var = 0.02038".
fn by(found: AgainstThreshold, name: &str) -> String {
    let AgainstThreshold { stability, threshold, low, high, ratio, .. } = found;
    let threshold = number(threshold);
    if stability == Side::Undecided {
        let eta = ratio * found.threshold;
        return if low < eta && eta <= high {
            let ends = format!("{} to {}", number(low), number(high));
            format!("η is inside the interval of {name} = {threshold}, {ends}")
        } else {
            format!("the interval of {name} = {threshold} is not settled")
        };
    }
    let share = 100.0 * (ratio - 1.0).abs();
    let side = if ratio > 1.0 { "above" } else { "below" };
    if !(0.5..=2.0).contains(&ratio) {
        format!("η is {} of {name} = {threshold}", times(ratio))
    } else if share < 0.1 {
        format!("η is less than 0.1% {side} {name} = {threshold}")
    } else {
        format!("η is {share:.1}% {side} {name} = {threshold}")
    }
}

fn times(ratio: f64) -> String {
    if ratio < 1.0 { format!("{:.1}%", 100.0 * ratio) } else { format!("{ratio:.1} times") }
}

fn against(
    eta: f64,
    process: &'static str,
    (threshold, low, high): (f64, f64, f64),
) -> AgainstThreshold {
    let stability = Side::of_step_size(eta, low, high);
    AgainstThreshold { stability, process, threshold, low, high, ratio: eta / threshold }
}

fn mean_square(
    spec: &RunSpec,
    analysis: &Analysis,
    process: BatchProcess,
    samples: usize,
) -> Result<Option<AgainstThreshold>, SamplingError> {
    let eta = spec.train.learning_rate;
    let simulated = analysis.simulated.as_ref().and_then(|found| found.epoch_eta_var);
    if let Some(found) = simulated.filter(|_| process.is_shuffled()) {
        let interval = (found.value, found.low, found.high);
        let judged = against(eta, process.description(samples)?, interval);
        return Ok(Some(AgainstThreshold { stability: found.side(eta), ..judged }));
    }
    let Some(exact) = &analysis.mean_square else { return Ok(None) };
    let optimizer = spec.train.optimizer();
    let edge = |sharpness: f64| optimizer.rule().eta_var(sharpness);
    let interval = (exact.eta_var, exact.upper.map_or(0.0, edge), edge(exact.lower));
    let independent = process.with_independent_batches().description(samples)?;
    Ok(Some(against(eta, independent, interval)))
}

fn exponent_sign(
    analysis: &Analysis,
    process: BatchProcess,
    samples: usize,
) -> Result<Option<ExponentSign>, SamplingError> {
    let Some(simulated) = &analysis.simulated else { return Ok(None) };
    let own = simulated.epoch_exponent.as_ref().filter(|_| process.is_shuffled());
    let (found, process) = match (own, &simulated.exponent) {
        (Some(own), _) => (own, process),
        (None, Some(other)) => (other, process.with_independent_batches()),
        (None, None) => return Ok(None),
    };
    let Exponent { value, low, high, settled, .. } = *found;
    let stability = if settled {
        Side::of_exponent(low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::NEG_INFINITY))
    } else {
        Side::Undecided
    };
    let process = process.description(samples)?;
    Ok(Some(ExponentSign { stability, process, exponent: value, low, high }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, single_run};
    use crate::measurement::{MeanSquare, Simulated};
    use crate::stability::simulated_mean_square::SimulatedThreshold;

    fn spec(eta: f64, batch_size: usize, overrides: &[&str]) -> RunSpec {
        let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
        let source = format!("[train]\nlearning_rate = {eta}\nbatch_size = {batch_size}");
        single_run(&Config::parse(&source, "test", "x".into(), &overrides).unwrap()).unwrap()
    }

    fn exponent(value: f64, settled: bool) -> Option<Exponent> {
        let (low, high) = (Some(value - 1e-4), Some(value + 1e-4));
        Some(Exponent {
            value: Some(value),
            low,
            high,
            undecided: false,
            settled,
            violations: Vec::new(),
        })
    }

    /// λ_max = 10 and λ_max(C†D) = 100, so that η*_var = 0.02 of independent batches and η*_mean = 0.2.
    fn analysis(simulated: Option<Simulated>) -> Analysis {
        let mean_square = serde_json::json!({
            "generalized_sharpness": 100.0, "lower": 99.99, "upper": 100.01, "converged": true,
            "eta_var": 0.02, "bound_27": 60.0, "one_step_upper": 120.0, "effective_rank": 2.0,
            "noise_sharpness": 80.0, "coherence": 3.0, "dexter_bound": 20.0, "rank": 9,
        });
        let mean_square: MeanSquare = serde_json::from_value(mean_square).unwrap();
        Analysis {
            loss: 1e-7,
            dead_samples: Some(0),
            sharpness_gn: Some(10.0),
            sharpness_hessian: None,
            trace: 12.0,
            eta_mean: Some(0.2),
            bound_17: Some(50.0),
            bound_18: Some(40.0),
            mean_square: Some(mean_square),
            simulated,
            spectrum: Vec::new(),
            missing: Vec::new(),
        }
    }

    #[test]
    fn the_process_of_the_run_leads_where_it_was_measured() {
        let (settled, exact) = (true, false);
        let edge = SimulatedThreshold { value: 0.021, low: 0.0209, high: 0.0211, settled, exact };
        let simulated = Simulated {
            exponent: exponent(0.01, true),
            epoch_exponent: exponent(-1e-3, true),
            epoch_eta_var: Some(edge),
            ..Simulated::default()
        };
        let found = Verdict::of(&spec(0.0205, 4, &[]), &analysis(Some(simulated.clone()))).unwrap();
        assert_eq!(
            found.sentence,
            "SGD with shuffled epochs at η = 0.02050 and B = 4 is stable in mean square (η is 2.4% \
             below η*_var = 0.02100), stable almost surely (Lyapunov exponent of shuffled epochs \
             -0.001000 per step), and η is 10.2% of η*_mean = 0.2000, the edge of the full batch."
        );
        let uniform = spec(0.0205, 4, &["train.sampling=uniform"]);
        let found = Verdict::of(&uniform, &analysis(Some(simulated))).unwrap();
        assert_eq!(found.process, "independent batches");
        assert_eq!(found.mean_square.unwrap().stability, Side::Unstable);
        assert_eq!(found.almost_surely.unwrap().stability, Side::Unstable);
    }

    #[test]
    fn an_edge_of_another_process_is_named_as_such() {
        let found = Verdict::of(&spec(0.0205, 4, &[]), &analysis(None)).unwrap();
        assert!(found.sentence.contains(
            "Its edge in mean square was not measured (analysis.eta_var_epoch = true); with \
             independent batches it would be unstable (η is 2.5% above η*_var = 0.02000)."
        ));
    }

    #[test]
    fn the_edges_of_the_full_batch_are_its_own() {
        let found = Verdict::of(&spec(0.0205, 1024, &[]), &analysis(None)).unwrap();
        let mean_square = found.mean_square.unwrap();
        assert_eq!((found.process, mean_square.process), ("the full batch", "the full batch"));
    }

    #[test]
    fn other_optimizers_than_plain_sgd_are_named() {
        let momentum = spec(0.0205, 4, &["train.momentum=0.9"]);
        let found = Verdict::of(&momentum, &analysis(None)).unwrap().sentence;
        let start = "SGD (heavy ball, m = 0.9) with shuffled epochs at η = 0.02050 and B = 4 is";
        assert!(found.starts_with(start) && !found.contains("interpolate"), "{found}");
        let decay = spec(0.0205, 4, &["train.weight_decay=0.001"]);
        let found = Verdict::of(&decay, &analysis(None)).unwrap().sentence;
        assert!(found.starts_with("SGD (weight decay 0.001) with"), "{found}");
        assert!(found.contains("the minimum does not interpolate"), "{found}");
    }

    #[test]
    fn what_is_too_close_or_not_settled_is_undecided() {
        let simulated = Simulated { epoch_exponent: exponent(-1.0, false), ..Simulated::default() };
        let found = Verdict::of(&spec(0.02, 4, &[]), &analysis(Some(simulated))).unwrap();
        assert_eq!(found.mean_square.unwrap().stability, Side::Undecided);
        assert_eq!(found.almost_surely.unwrap().stability, Side::Undecided);
        assert_eq!(found.mean.unwrap().stability, Side::Stable);
    }
}
