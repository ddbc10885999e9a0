//! The printed table of thresholds.

use etastar::process::Sampling;
use etastar::stability::solver::Status;
use etastar::stability::thresholds::{Report, Threshold};
use etastar::text::number;

use crate::cli::text_table::table_with_header;

/// The facts about the matrix and a row per batch size. `epsilon` is that of Proposition 8.
pub fn to_text(report: &Report, sampling: Sampling, epsilon: f64) -> String {
    let rule = report.optimizer.rule();
    // The pencil λ_max(C†D) is that of plain SGD.
    let plain = rule.has_additive_kernel();
    let facts = [
        ("samples × outputs", format!("{} × {}", report.samples, report.outputs)),
        ("rank", report.rank.to_string()),
        ("sharpness λ_max(H)", number(report.sharpness)),
        ("trace of H", number(report.trace)),
        ("coherence σ (Dexter et al.)", number(report.coherence)),
        ("noise sharpness λ_max(C†E)", number(report.noise_sharpness)),
        (
            if plain { "η*_mean = 2/λ_max(H)" } else { "η*_mean, of the full batch" },
            number(rule.eta_mean(report.sharpness)),
        ),
    ];
    let mut text = String::new();
    if !plain {
        text += &format!("optimizer: {}\n", rule.description());
    }
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
    // Proposition 8 is about batches of distinct samples.
    let distinct = sampling.is_without_replacement();
    if let Some(near) = report.sufficient_batch_size(epsilon).filter(|_| distinct) {
        let share = 1.0 - epsilon;
        text += &format!("η*_var ≥ {share} η*_mean for every batch size ≥ {near}\n");
    }
    text.push('\n');
    let rows = report.thresholds.iter().map(row);
    let (table, legend) = if plain {
        let dexter = |found: &Threshold| found.dexter_bound.map_or_else(String::new, number);
        let rows = rows.zip(&report.thresholds).map(|(mut row, found)| {
            row.push(dexter(found));
            row
        });
        let header =
            ["B", "η*_var", "generalized sharpness", "(17)", "(27)", "one step", "rank", "Dexter"];
        (table_with_header(header, rows), LEGEND)
    } else {
        let header = ["B", "η*_var", "generalized sharpness", "(17)", "(27)", "upper", "rank"];
        (table_with_header(header, rows), LEGEND_OF_ANY)
    };
    let all = report.thresholds.iter().all(|found| found.status == Status::Converged);
    text + &table + legend + if all { "" } else { WIDE }
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

/// The same for optimizers with momentum or weight decay.
const LEGEND_OF_ANY: &str = "
η*_var       largest step size stable in mean square: 2/(generalized sharpness)
generalized  2/η for the η at which E‖θ‖² of the linearised steps neither
  sharpness  grows nor shrinks; ±: half of the proved interval, relative
(17), (27)   lower bounds on it: those of Mulayoff & Michaeli (2024), with the
             same test matrices and this optimizer
upper        upper bound on it, from λ_max(C†E) and the full-batch dynamics
rank         effective rank of the second moment that grows first
noise        λ_max(C†E), E X = (1/n)ΣH_iXH_i − HXH: decides the batch size above
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
    ]
}
