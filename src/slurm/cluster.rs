//! Name and limits of the cluster.

use std::sync::OnceLock;

use super::command::{SlurmError, run};

/// The cluster that this machine belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub name: String,
    /// The largest index of a job array, plus one.
    pub array_size: usize,
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
    let found =
        parse(&answer).ok_or(SlurmError::UnexpectedAnswer { program: "scontrol", answer })?;
    Ok(CLUSTER.get_or_init(|| found).clone())
}

fn parse(answer: &str) -> Option<Cluster> {
    let setting = |name: &str| {
        let mut settings = answer.lines().filter_map(|line| line.split_once('='));
        settings.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
    };
    let array_size = setting("MaxArraySize")?.parse().ok()?;
    Some(Cluster { name: setting("ClusterName")?.to_owned(), array_size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_scontrol_is_read() {
        let answer = "Configuration data as of …\nClusterName             = test\n\
                      MaxArraySize            = 1001\nMaxJobCount             = 10000\n";
        assert_eq!(parse(answer), Some(Cluster { name: "test".to_owned(), array_size: 1001 }));
        assert_eq!(parse("slurm.conf"), None);
    }
}
