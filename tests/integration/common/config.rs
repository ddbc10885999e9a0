//! Small configurations on real data.

use std::path::{Path, PathBuf};

use etastar::config::{Config, ConfigFile, Grid, RunSpec, single_run};

/// The four MNIST files of the project.
pub fn mnist() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist")
}

/// A network small enough to converge within a second.
pub fn tiny_config() -> String {
    format!(
        "[data]\nfolder = {:?}\nclasses = [0, 1]\nsamples_per_class = 6\n\
         [model]\nhidden = [24]\ninit_factor = 2\n\
         [train]\nlearning_rate = 0.05\nbatch_size = 2\npatience = 20\nmax_epochs = 3000\n\
         [train.warmup]\nepochs = 20\n",
        mnist()
    )
}

/// [`tiny_config`] followed by `sections`, with `overrides` as by `--set`.
pub fn parse_tiny(sections: &str, overrides: &[&str]) -> Config {
    let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    let source = tiny_config() + sections;
    Config::parse(&source, "tiny", "results/tiny".into(), &overrides).unwrap()
}

/// The sweep of [`tiny_config`] followed by `sections`, with `overrides` as by `--set`.
pub fn tiny_grid(sections: &str, overrides: &[&str]) -> Grid {
    let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    let source = tiny_config() + sections;
    let file = ConfigFile::parse::<Config>(&source, "tiny", "results/tiny".into(), &overrides);
    file.unwrap().grid(|_| {}).unwrap()
}

/// The single run of [`tiny_config`].
pub fn tiny_run(overrides: &[&str]) -> RunSpec {
    single_run(&parse_tiny("", overrides)).unwrap()
}
