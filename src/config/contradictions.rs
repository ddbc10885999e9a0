//! Settings that are valid one by one but contradict each other.

use super::contradiction::Contradiction;
use super::schema::{Config, DataConfig};

/// Every contradiction in `config`.
pub fn find(config: &Config) -> Vec<Contradiction> {
    let mut found: Vec<Contradiction> = of_several(config).into_iter().map(Into::into).collect();
    found.extend(config.train.optimizer.contradiction());
    found
}

/// Those that no single key is to blame for.
fn of_several(config: &Config) -> Vec<String> {
    let mut problems = Vec::new();
    let DataConfig { classes, samples_per_class, copies, .. } = &config.data;
    let samples = samples_per_class * classes.len() * copies;
    if let Some(size) = config.train.batch_size.filter(|&size| size > samples) {
        problems.push(format!(
            "the batch size {size} is larger than the data: {} classes × {samples_per_class} \
             samples{} = {samples}",
            classes.len(),
            if *copies > 1 { format!(" × {copies} copies") } else { String::new() },
        ));
    }
    if config.data.label_noise > 0.0 && config.data.classes.len() < 2 {
        problems.push("data.label_noise needs a second class in data.classes".to_owned());
    }
    let (warmup, limit) = (config.train.warmup.epochs, config.train.max_epochs);
    if warmup.saturating_add(config.train.patience) > limit {
        problems.push(format!(
            "no run can converge: train.warmup.epochs = {warmup} and train.patience = {} \
             do not fit into train.max_epochs = {limit}",
            config.train.patience,
        ));
    }
    if !config.engine_fits() {
        problems.push(
            "run.engine = \"fused\" needs one hidden layer and run.backend = \"flex\"; \
             \"auto\" takes the tensor engine otherwise"
                .to_owned(),
        );
    }
    if let Some(seconds) = config.slurm.time_limit().filter(|&limit| limit <= config.slurm.lead) {
        problems.push(format!(
            "slurm.lead = {} s before the end of slurm.time = {seconds} s leaves no time for work",
            config.slurm.lead,
        ));
    }
    problems
}
