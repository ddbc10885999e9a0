//! The printed table of thresholds.

use etastar::process::Sampling;
use etastar::stability::solver::Status;
use etastar::stability::solver::noise::sufficient_batch_size;
use etastar::stability::thresholds::{Report, Threshold};
use etastar::text::number;

use crate::cli::text_table::table_with_header;

/// The facts about the matrix and a row per batch size. `epsilon` is that of Proposition 8.
pub fn to_text(report: &Report, sampling: Sampling, epsilon: f64) -> String {
    let facts = [
        ("samples × outputs", format!("{} × {}", report.samples, report.outputs)),
        ("rank", report.rank.to_string()),
        ("sharpness λ_max(H)", number(report.sharpness)),
        ("trace of H", number(report.trace)),
        ("coherence σ (Dexter et al.)", number(report.coherence)),
        ("noise sharpness λ_max(C†E)", number(report.noise_sharpness)),
        ("η*_mean = 2/λ_max(H)", number(report.optimizer.rule().eta_mean(report.sharpness))),
    ];
    let mut text = String::new();
    for (name, value) in facts {
        text += &format!("{name:<27} {value:>12}\n");
    }
    if report.uncertain_rank > 0 {
        text += &format!(
            "{} of the {} eigenvalues may be rounding; their part in rank and one step too: save \
             float64\n",
            report.uncertain_rank, report.rank
        );
    }
    let (noise, sharpness) = (report.noise_sharpness, report.sharpness);
    // Proposition 8 is about batches of distinct samples.
    let distinct = sampling.is_without_replacement();
    if let Some(near) =
        sufficient_batch_size(noise, sharpness, epsilon, report.samples).filter(|_| distinct)
    {
        let share = 1.0 - epsilon;
        text += &format!("η*_var ≥ {share} η*_mean for every batch size ≥ {near}\n");
    }
    text.push('\n');
    let header =
        ["B", "η*_var", "generalized sharpness", "(17)", "(27)", "one step", "rank", "Dexter"];
    let legend = if report.thresholds.iter().all(|found| found.status == Status::Converged) {
        LEGEND.to_owned()
    } else {
        format!("{LEGEND}{WIDE}")
    };
    text + &table_with_header(header, report.thresholds.iter().map(row)) + &legend
}

/// What the columns are.
const LEGEND: &str = "
η*_var       largest step size stable in mean square: 2/(generalized sharpness)
generalized  λ_max(C†D), C X = (HX + XH)/2, D X = αHXH + (β/n)ΣH_iXH_i; H_i:
  sharpness  Hessian of sample i, H: their mean, α and β: of B and sampling;
             ±: half of the proved interval, relative to the value
(17), (27)   lower bounds on it, by their numbers in Mulayoff & Michaeli (2024)
one step     upper bound on it: no step at η ≤ 2/(one step) increases E‖θ‖²
rank         effective rank of the second moment that grows first
noise        λ_max(C†E), E X = (1/n)ΣH_iXH_i − HXH: decides the batch size above
Dexter       lower bound on it, Bernoulli sampling: Theorem 1 of Dexter et al.
";

const WIDE: &str = "(wide)       the interval is wider than --tolerance\n";

fn row(found: &Threshold) -> Vec<String> {
    let enclosure = found.generalized_sharpness;
    let mark = if found.status == Status::Converged { "" } else { " (wide)" };
    let half = enclosure.relative_width() / 2.0;
    vec![
        found.batch_size.to_string(),
        number(found.eta_var),
        format!("{} ± {half:.0e}{mark}", number(enclosure.value)),
        number(found.bound_17),
        number(found.bound_27),
        number(found.one_step_upper),
        number(found.effective_rank),
        number(found.dexter_bound),
    ]
}
