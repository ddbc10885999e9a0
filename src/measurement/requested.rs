//! Compares two sets of requested measurements.

use crate::config::AnalysisConfig;

/// Whether the exact thresholds and eigenvalues measured with the settings `measured` are those that
/// `requested` asks for.
pub fn same_thresholds(measured: &AnalysisConfig, requested: &AnalysisConfig) -> bool {
    measured.thresholds
        && measured.tolerance == requested.tolerance
        && measured.spectrum >= requested.spectrum
}

/// The settings that request everything that `measured` or `requested` does, so that no earlier
/// measurement is lost. Tolerances are those of `requested`.
pub fn union(measured: &AnalysisConfig, requested: &AnalysisConfig) -> AnalysisConfig {
    let (measured, requested) = (effective(measured), effective(requested));
    AnalysisConfig {
        hessian: measured.hessian || requested.hessian,
        thresholds: measured.thresholds || requested.thresholds,
        lyapunov: measured.lyapunov || requested.lyapunov,
        lyapunov_epoch: measured.lyapunov_epoch || requested.lyapunov_epoch,
        eta_as: measured.eta_as || requested.eta_as,
        eta_as_epoch: measured.eta_as_epoch || requested.eta_as_epoch,
        eta_var_epoch: measured.eta_var_epoch || requested.eta_var_epoch,
        spectrum: measured.spectrum.max(requested.spectrum),
        tolerance: if requested.thresholds { requested.tolerance } else { measured.tolerance },
        eigen_tolerance: requested.eigen_tolerance,
        eigen_iterations: requested.eigen_iterations,
    }
}

/// Whether measurements made with the settings `measured` contain all that `requested` asks for.
pub fn includes(measured: &AnalysisConfig, requested: &AnalysisConfig) -> bool {
    let (measured, requested) = (effective(measured), effective(requested));
    let same_search = measured.eigen_tolerance == requested.eigen_tolerance
        && measured.eigen_iterations == requested.eigen_iterations;
    let switches = [
        (measured.hessian, requested.hessian),
        (measured.thresholds, requested.thresholds),
        (measured.lyapunov, requested.lyapunov),
        (measured.lyapunov_epoch, requested.lyapunov_epoch),
        (measured.eta_as, requested.eta_as),
        (measured.eta_as_epoch, requested.eta_as_epoch),
        (measured.eta_var_epoch, requested.eta_var_epoch),
    ];
    same_search
        && switches.iter().all(|&(measured, requested)| measured || !requested)
        && measured.spectrum >= requested.spectrum
        && (!requested.thresholds || measured.tolerance == requested.tolerance)
}

/// The settings without those that have no effect: without the exact thresholds nothing is simulated
/// and no eigenvalues are computed.
fn effective(requested: &AnalysisConfig) -> AnalysisConfig {
    if requested.thresholds {
        return requested.clone();
    }
    AnalysisConfig {
        lyapunov: false,
        lyapunov_epoch: false,
        eta_as: false,
        eta_as_epoch: false,
        eta_var_epoch: false,
        spectrum: 0,
        ..requested.clone()
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
            assert_eq!(union(&all, &asked), all, "{fewer}");
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
            assert_eq!(union(&usual, &asked), asked, "{change}");
        }
    }

    #[test]
    fn measurements_that_need_the_thresholds_are_not_asked_for_without_them() {
        let none = analysis(&["thresholds=false"]);
        let some = analysis(&["lyapunov=false"]);
        // λ and the spectrum are on by default, in `none` to no effect.
        assert!(includes(&some, &none));
        assert!(!includes(&none, &some));
        assert!(!union(&none, &some).lyapunov, "nobody measured λ or asked for it");
        let precise = analysis(&["thresholds=false", "tolerance=1e-2", "eigen_tolerance=1e-9"]);
        let again = union(&some, &precise);
        assert_eq!((again.tolerance, again.eigen_tolerance), (some.tolerance, 1e-9));
    }
}
