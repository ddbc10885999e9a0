//! Small configurations on real data.

use std::path::{Path, PathBuf};

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
