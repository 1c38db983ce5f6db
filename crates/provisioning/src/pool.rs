//! Licence pools: the counted stock of seats (S-38), and what happens when none is left.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{id::PoolId, words::words, zone::Zone};

/// The seats of one product plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pool {
    /// Its id.
    pub id: PoolId,
    /// Its name, as administrators see it.
    pub name: String,
    /// Seats bought.
    pub seats: u32,
    /// Seats assigned; more than bought only after an overage or when fewer were bought later.
    pub used: u32,
    /// What happens to a person for whom no seat is left.
    pub policy: PoolPolicy,
    /// The instant from which its grants no longer count; none for a plan without an end.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Pool {
    /// Whether a bought seat is free.
    #[must_use]
    pub const fn has_room(&self) -> bool {
        self.used < self.seats
    }

    /// Whether its grants have stopped counting: the instant of expiry itself is already too late.
    #[must_use]
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// How many seats are assigned beyond those bought.
    #[must_use]
    pub const fn over(&self) -> u32 {
        self.used.saturating_sub(self.seats)
    }
}

/// Until when the grants of a pool count, as an administrator says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// To the end of this day in the time zone of the tenant.
    LastDay(NaiveDate),
    /// Up to this instant, in whatever time zone.
    At(DateTime<Utc>),
}

impl Expiry {
    /// The instant from which the grants no longer count.
    #[must_use]
    pub fn instant(self, zone: Zone) -> DateTime<Utc> {
        match self {
            Self::LastDay(day) => zone.end_of(day),
            Self::At(instant) => instant,
        }
    }

    /// The last day, where it is one.
    #[must_use]
    pub const fn last_day(self) -> Option<NaiveDate> {
        match self {
            Self::LastDay(day) => Some(day),
            Self::At(_) => None,
        }
    }
}

/// What happens to a person for whom no seat is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PoolPolicy {
    /// They wait, first come first served.
    Queue,
    /// The change that would need the seat is refused.
    Reject,
    /// They get a seat all the same, and it is flagged.
    Overage,
}

words!(PoolPolicy, "pool policy", { Queue => "queue", Reject => "reject", Overage => "overage" });
