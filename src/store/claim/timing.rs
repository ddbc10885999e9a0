//! How often a claim is renewed, and when it expires.

use std::time::Duration;

/// Interval between two renewals of a claim.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(20);
/// Age of the last renewal from which a claim is free, if nothing else is known of its holder. Far
/// above the differences between the clocks of a cluster, of which Slurm's authentication allows 5
/// minutes.
pub const STALE_AFTER: Duration = Duration::from_secs(600);
