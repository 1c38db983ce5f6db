//! The history of a pool by day, told backwards from how the pool stands now.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::zone::Zone;

/// What became of a pool in a short time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolChange {
    /// When; a day does not end within it.
    pub at: DateTime<Utc>,
    /// How many more seats were bought.
    pub bought: i64,
    /// How many seats were assigned.
    pub taken: i64,
    /// How many seats went back.
    pub freed: i64,
    /// How many more people wait.
    pub waiting: i64,
}

/// A pool at the end of a day, and what happened on that day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolDay {
    /// The day, where the tenant is.
    pub day: NaiveDate,
    /// Seats bought.
    pub seats: i64,
    /// Seats assigned.
    pub used: i64,
    /// People who wait for one.
    pub waiting: i64,
    /// How many seats were assigned on that day.
    pub joined: i64,
    /// How many seats went back on that day.
    pub left: i64,
}

impl PoolDay {
    /// How many more seats were in use at the end of the day than at the end of the day before.
    #[must_use]
    pub const fn net(&self) -> i64 {
        self.joined - self.left
    }
}

/// The days from `first` to that of `now`, which is how the pool stands and is not over yet. The changes are all since the beginning
/// of the first day; a day without a change is like the one before. A change that is later than the last day, which takes a clock
/// that was put back, belongs to the last day.
#[must_use]
pub fn days(now: PoolDay, first: NaiveDate, changes: &[PoolChange], zone: Zone) -> Vec<PoolDay> {
    let mut days = Vec::new();
    let mut at_end = PoolDay { joined: 0, left: 0, ..now };
    let mut behind = changes.iter().rev().peekable();
    while at_end.day >= first {
        let mut before = at_end;
        while let Some(change) = behind.next_if(|change| zone.day(change.at) >= at_end.day) {
            at_end.joined += change.taken;
            at_end.left += change.freed;
            before.seats -= change.bought;
            before.used -= change.taken - change.freed;
            before.waiting -= change.waiting;
        }
        days.push(at_end);
        let Some(day) = at_end.day.pred_opt() else { break };
        at_end = PoolDay { day, ..before };
    }
    days.reverse();
    days
}
