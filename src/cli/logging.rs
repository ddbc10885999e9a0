//! What the program logs, and where.

use std::io::stderr;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::output_options::can_redraw;

/// Logs to standard error what `ETASTAR_LOG` selects; if it is not set or cannot be read, warnings, or
/// with `quiet` errors.
pub fn start(quiet: bool) {
    let selected = std::env::var("ETASTAR_LOG").ok().and_then(|text| parse(&text));
    let default = if quiet {
        Targets::new().with_default(LevelFilter::ERROR)
    } else {
        Targets::new().with_target("etastar", LevelFilter::WARN)
    };
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(stderr)
        .with_ansi(can_redraw() && std::env::var_os("NO_COLOR").is_none())
        .with_target(false)
        .without_time()
        .log_internal_errors(false)
        .finish()
        .with(selected.unwrap_or(default))
        .init();
}

/// `level`, `target` or `target=level`, separated by commas; nothing stands for errors.
fn parse(text: &str) -> Option<Targets> {
    let directives: Vec<&str> =
        text.split(',').map(str::trim).filter(|directive| !directive.is_empty()).collect();
    if directives.is_empty() {
        return Some(Targets::new().with_default(LevelFilter::ERROR));
    }
    directives.join(",").parse().ok()
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;

    use super::parse;

    #[test]
    fn levels_and_targets_select_and_nonsense_does_not() {
        let enabled = |text: &str, target: &str, level: LevelFilter| {
            parse(text).unwrap().would_enable(target, &level.into_level().unwrap())
        };
        assert!(enabled("debug", "etastar::sweep", LevelFilter::DEBUG));
        assert!(!enabled("debug", "etastar::sweep", LevelFilter::TRACE));
        assert!(enabled("warn, etastar=debug,", "etastar::sweep", LevelFilter::DEBUG));
        assert!(!enabled("warn,etastar=debug", "cubecl", LevelFilter::DEBUG));
        assert!(enabled("", "etastar", LevelFilter::ERROR));
        assert!(!enabled("", "etastar", LevelFilter::WARN));
        assert!(parse("etastar=loud").is_none());
    }
}
