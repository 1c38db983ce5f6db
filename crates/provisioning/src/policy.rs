//! What a connection lets pass before a loss becomes final, how many losses it may cause, and how the people whom it owns
//! are invited.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{brake::BrakePolicy, words::words};

/// The delays that a connection's administrator has set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// How long a suspension keeps seat and enrolment; zero (or less) deactivates at once.
    pub grace: TimeDelta,
    /// How long an invitation waits, so that a passing assignment sends no mail; less than zero counts as zero.
    pub invitation_delay: TimeDelta,
    /// How invitations leave.
    #[serde(default)]
    pub invitations: Invitations,
    /// How many people its pushes may take access from before the brake holds.
    #[serde(default)]
    pub brake: BrakePolicy,
}

impl Policy {
    /// What is wrong with delays or limits that nobody can mean.
    ///
    /// # Errors
    /// A sentence that names the value and its bounds.
    pub fn check(&self) -> Result<(), &'static str> {
        let none = TimeDelta::zero();
        if !(none..=TimeDelta::days(3_650)).contains(&self.grace) {
            return Err("the grace must be between 0 and 3650 days");
        }
        if !(none..=TimeDelta::days(365)).contains(&self.invitation_delay) {
            return Err("an invitation cannot wait for more than a year (31536000 seconds)");
        }
        if self.brake.percent > 100 {
            return Err("the percent of the brake must be between 0 and 100");
        }
        if !(TimeDelta::hours(1)..=TimeDelta::hours(8_760)).contains(&self.brake.window) {
            return Err("the hours of the brake must be between 1 and 8760, which is a year");
        }
        Ok(())
    }
}

/// How the invitations of a connection's people leave (O-26).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invitations {
    /// As soon as they are owed.
    #[default]
    AtOnce,
    /// So many in an hour.
    Waves,
    /// When an administrator lets them go.
    Release,
    /// Not at all: the application invites.
    Never,
}

words!(Invitations, "way to invite", {
    AtOnce => "at-once",
    Waves => "waves",
    Release => "release",
    Never => "never",
});
