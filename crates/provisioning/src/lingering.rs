//! Dynamic groups (O-05): the identity provider computes who is in such a group, and people drop out of it by mistake for minutes.
//! A person who leaves one lingers: seats and places are kept for the grace of the group.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    grant::{Grant, GrantSource},
    id::{GroupId, PoolId},
    person::Person,
};

/// How long a dynamic group keeps the seats of people who have left it, in whole hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupGrace(u32);

impl GroupGrace {
    /// The longest one, in hours: 90 days.
    pub const LONGEST: u32 = 2_160;

    /// A grace of so many hours.
    ///
    /// # Errors
    /// [`GraceRefused`] for none, and for more than [`GroupGrace::LONGEST`].
    pub const fn of_hours(hours: u32) -> Result<Self, GraceRefused> {
        if hours == 0 || hours > Self::LONGEST { Err(GraceRefused { hours }) } else { Ok(Self(hours)) }
    }

    /// The hours.
    #[must_use]
    pub const fn hours(self) -> u32 {
        self.0
    }

    /// Until when the seats and places of a person who left at an instant are kept.
    #[must_use]
    pub fn until(self, left_at: DateTime<Utc>) -> DateTime<Utc> {
        left_at + self.delta()
    }

    /// The instant at or before which a person must have left to linger no more at `now`.
    #[must_use]
    pub fn over_for(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - self.delta()
    }

    fn delta(self) -> TimeDelta {
        TimeDelta::hours(self.0.into())
    }
}

impl Default for GroupGrace {
    fn default() -> Self {
        Self(24)
    }
}

impl fmt::Display for GroupGrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(hours) = self;
        write!(f, "{hours} {}", if *hours == 1 { "hour" } else { "hours" })
    }
}

/// A grace that a group cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a dynamic group keeps seats for 1 to {} hours, not for {hours}: mark it as static to keep none",
    GroupGrace::LONGEST
)]
pub struct GraceRefused {
    /// The hours.
    pub hours: u32,
}

impl Person {
    /// The person has left a dynamic group: its grants of pools in which the person has a seat or a place are kept until an
    /// instant, and the others are gone. A person who had nothing of a pool gets nothing of it by leaving.
    pub fn lingers(&mut self, group: GroupId, until: DateTime<Utc>) {
        let has = |pool: PoolId| self.seats.iter().any(|seat| seat.pool == pool);
        let kept = |grant: Grant| {
            match grant.source {
                GrantSource::Binding { group: of, name, priority } if of == group => {
                    has(grant.pool).then_some(GrantSource::Lingering { group, name, until, priority })
                }
                other => Some(other),
            }
            .map(|source| Grant { source, ..grant })
        };
        self.grants = std::mem::take(&mut self.grants).into_iter().filter_map(kept).collect();
    }

    /// The person lingers in a group no more: by coming back, or because the grace is over.
    pub fn lingers_no_more(&mut self, group: GroupId) {
        self.grants.retain(|grant| !grant.source.is_kept_by(group));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grace_has_between_one_hour_and_ninety_days() {
        for (hours, wanted) in [(0, false), (1, true), (24, true), (2_160, true), (2_161, false)] {
            assert_eq!(GroupGrace::of_hours(hours).is_ok(), wanted, "{hours}");
        }
        assert_eq!(GroupGrace::default().to_string(), "24 hours");
        let refused = GroupGrace::of_hours(0).expect_err("none").to_string();
        assert!(refused.contains("1 to 2160 hours"), "{refused}");
    }
}
