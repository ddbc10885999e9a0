//! Name and limits of the cluster.

use std::sync::OnceLock;

use super::command::{SlurmError, run};

/// The cluster that this machine belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub name: String,
    /// The largest number of tasks of a job array.
    pub most_tasks: usize,
    /// The largest number of jobs and tasks in the queue, of all users together.
    pub most_jobs: usize,
}

/// The cluster of this machine; Slurm is asked once per process.
///
/// # Errors
/// Slurm gives no answer.
pub fn cluster() -> Result<Cluster, SlurmError> {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    if let Some(cluster) = CLUSTER.get() {
        return Ok(cluster.clone());
    }
    let answer = run("scontrol", &["show", "config"])?;
    let Some(found) = parse(&answer) else {
        let message = String::new();
        return Err(SlurmError::UnexpectedAnswer { program: "scontrol", answer, message });
    };
    Ok(CLUSTER.get_or_init(|| found).clone())
}

fn parse(answer: &str) -> Option<Cluster> {
    let setting = |name: &str| {
        let mut settings = answer.lines().filter_map(|line| line.split_once('='));
        settings.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
    };
    // Indices begin at 0 and are smaller than MaxArraySize.
    let array_size = setting("MaxArraySize")?.parse().ok()?;
    let max_array_tasks = setting("SchedulerParameters").and_then(|parameters| {
        let mut parameters = parameters.split(',');
        parameters.find_map(|parameter| parameter.trim().strip_prefix("max_array_tasks="))
    });
    let max_array_tasks = max_array_tasks.and_then(|number| number.parse().ok());
    let most_jobs = setting("MaxJobCount").and_then(|number| number.parse().ok());
    Some(Cluster {
        name: setting("ClusterName")?.to_owned(),
        most_tasks: max_array_tasks.map_or(array_size, |most: usize| most.min(array_size)),
        most_jobs: most_jobs.unwrap_or(usize::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_scontrol_is_read() {
        let answer = "Configuration data as of …\nClusterName             = test\n\
                      MaxArraySize            = 1001\nMaxJobCount             = 10000\n";
        let cluster = |most_tasks, most_jobs| {
            Some(Cluster { name: "test".to_owned(), most_tasks, most_jobs })
        };
        assert_eq!(parse(answer), cluster(1001, 10_000));
        let parameters = "SchedulerParameters     = bf_window=10,max_array_tasks=64\n";
        assert_eq!(parse(&format!("{answer}{parameters}")), cluster(64, 10_000));
        assert_eq!(parse("ClusterName = test\nMaxArraySize = 5\n"), cluster(5, usize::MAX));
        assert_eq!(parse("slurm.conf"), None);
    }
}
