//! Whether a run's measurements are enough for what is asked of it.

use super::record::Record;
use crate::config::{AnalysisConfig, RunSpec};
use crate::train::StopReason;

/// Whether `record` holds all that `spec` asks for; it may hold more. A diverged run has no minimum
/// to measure.
pub fn covers(record: &Record, spec: &RunSpec) -> bool {
    record.stop_reason == StopReason::Diverged
        || (has_what_is_asked(record, spec) && !lacks_dead_samples(record))
}

/// Whether everything is there that can be asked for.
pub fn has_what_is_asked(record: &Record, spec: &RunSpec) -> bool {
    includes(&record.spec.analysis, &spec.analysis)
}

/// Early records do not say how many samples are dead, which costs next to nothing to find out.
fn lacks_dead_samples(record: &Record) -> bool {
    record.analysis.as_ref().is_some_and(|analysis| analysis.dead_samples.is_none())
}

/// Whether the exact thresholds and eigenvalues found for `had` are those that `asked` asks for.
pub fn same_thresholds(had: &AnalysisConfig, asked: &AnalysisConfig) -> bool {
    had.thresholds && had.tolerance == asked.tolerance && had.spectrum >= asked.spectrum
}

/// What is to be measured where `had` is not enough for `asked`: nothing that was known is given up.
pub fn both(had: &AnalysisConfig, asked: &AnalysisConfig) -> AnalysisConfig {
    let (had, asked) = (effective(had), effective(asked));
    AnalysisConfig {
        hessian: had.hessian || asked.hessian,
        thresholds: had.thresholds || asked.thresholds,
        lyapunov: had.lyapunov || asked.lyapunov,
        lyapunov_epoch: had.lyapunov_epoch || asked.lyapunov_epoch,
        eta_as: had.eta_as || asked.eta_as,
        eta_as_epoch: had.eta_as_epoch || asked.eta_as_epoch,
        eta_var_epoch: had.eta_var_epoch || asked.eta_var_epoch,
        spectrum: had.spectrum.max(asked.spectrum),
        tolerance: if asked.thresholds { asked.tolerance } else { had.tolerance },
        eigen_tolerance: asked.eigen_tolerance,
        eigen_iterations: asked.eigen_iterations,
    }
}

fn includes(had: &AnalysisConfig, asked: &AnalysisConfig) -> bool {
    let (had, asked) = (effective(had), effective(asked));
    let same_search = had.eigen_tolerance == asked.eigen_tolerance
        && had.eigen_iterations == asked.eigen_iterations;
    let switches = [
        (had.hessian, asked.hessian),
        (had.thresholds, asked.thresholds),
        (had.lyapunov, asked.lyapunov),
        (had.lyapunov_epoch, asked.lyapunov_epoch),
        (had.eta_as, asked.eta_as),
        (had.eta_as_epoch, asked.eta_as_epoch),
        (had.eta_var_epoch, asked.eta_var_epoch),
    ];
    same_search
        && switches.iter().all(|&(had, asked)| had || !asked)
        && had.spectrum >= asked.spectrum
        && (!asked.thresholds || had.tolerance == asked.tolerance)
}

/// Without the thresholds nothing is simulated and there are no eigenvalues, whatever else is asked for.
fn effective(asked: &AnalysisConfig) -> AnalysisConfig {
    if asked.thresholds {
        return asked.clone();
    }
    AnalysisConfig {
        lyapunov: false,
        lyapunov_epoch: false,
        eta_as: false,
        eta_as_epoch: false,
        eta_var_epoch: false,
        spectrum: 0,
        ..asked.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn analysis(overrides: &[&str]) -> AnalysisConfig {
        let overrides: Vec<String> =
            overrides.iter().map(|text| format!("analysis.{text}")).collect();
        Config::parse("", "test", "results/x".into(), &overrides).unwrap().analysis
    }

    #[test]
    fn more_than_asked_for_is_enough() {
        let all = analysis(&["eta_as=true"]);
        for fewer in [
            "eta_as=false",
            "hessian=false",
            "lyapunov=false",
            "lyapunov_epoch=false",
            "spectrum=3",
            "spectrum=0",
            "thresholds=false",
        ] {
            let asked = analysis(&[fewer]);
            assert!(includes(&all, &asked), "{fewer}");
            assert_eq!(both(&all, &asked), all, "{fewer}");
        }
    }

    #[test]
    fn less_or_other_than_asked_for_is_not() {
        let usual = analysis(&[]);
        for change in [
            "eta_as=true",
            "eta_as_epoch=true",
            "eta_var_epoch=true",
            "spectrum=65",
            "tolerance=1e-6",
            "tolerance=1e-2",
            "eigen_tolerance=1e-8",
            "eigen_iterations=900",
        ] {
            let asked = analysis(&[change]);
            assert!(!includes(&usual, &asked), "{change}");
            assert_eq!(both(&usual, &asked), asked, "{change}");
        }
    }

    #[test]
    fn measurements_that_need_the_thresholds_are_not_asked_for_without_them() {
        let none = analysis(&["thresholds=false"]);
        let some = analysis(&["lyapunov=false"]);
        // λ and the spectrum are on by default, in `none` to no effect.
        assert!(includes(&some, &none));
        assert!(!includes(&none, &some));
        assert!(!both(&none, &some).lyapunov, "nobody measured λ or asked for it");
        let precise = analysis(&["thresholds=false", "tolerance=1e-2", "eigen_tolerance=1e-9"]);
        let again = both(&some, &precise);
        assert_eq!((again.tolerance, again.eigen_tolerance), (some.tolerance, 1e-9));
    }
}
