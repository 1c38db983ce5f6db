//! What a connection lets pass before a loss becomes final.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// The delays that a connection's administrator has set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// How long a suspension keeps seat and enrolment; zero (or less) deactivates at once.
    pub grace: TimeDelta,
    /// How long an invitation waits, so that a passing assignment sends no mail; less than zero counts as zero.
    pub invitation_delay: TimeDelta,
}
