//! The brake: the guard against mass deactivation by pushes (O-04).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    cause::Cause,
    id::{ConnectionId, UserId},
    journal::{Entry, EntryKind, Subject},
};

/// So many people may lose access within the window, however few a connection has: a small team changes, too.
const LEAST: u64 = 5;

/// How many people the pushes of a connection may take access from within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BrakePolicy {
    /// The most people; with 0 there is no brake.
    pub people: u32,
    /// The most percent of the people of the connection, but never fewer than five people.
    pub percent: u32,
    /// How long a loss counts.
    pub window: TimeDelta,
}

impl Default for BrakePolicy {
    fn default() -> Self {
        Self { people: 200, percent: 10, window: TimeDelta::hours(24) }
    }
}

impl BrakePolicy {
    /// The most people who may lose access within the window, of a connection with so many people; none without a brake.
    #[must_use]
    pub fn limit(&self, people: u64) -> Option<u64> {
        let share = people.saturating_mul(self.percent.into()) / 100;
        (self.people > 0).then(|| share.max(LEAST).min(self.people.into()))
    }
}

/// The brake of a connection in the instant of a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Brake {
    /// The connection.
    pub connection: ConnectionId,
    /// The most people who may lose access within the window.
    pub limit: u64,
    /// The people from whom pushes of the connection have taken access within the window.
    pub counted: BTreeSet<UserId>,
    /// How many people the brake holds, about whom no administrator has decided.
    pub waiting: u64,
}

impl Brake {
    /// Whether these people may lose access, each of whom is named once.
    #[must_use]
    pub fn lets(&self, losers: impl IntoIterator<Item = UserId>) -> bool {
        let new = losers.into_iter().filter(|user| !self.counted.contains(user)).count();
        (self.counted.len() + new) as u64 + self.waiting <= self.limit
    }

    /// What is recorded of a person who keeps access.
    #[must_use]
    pub fn entry(&self, user: UserId, name: &str, cause: &Cause) -> Entry {
        let most = if self.limit == 1 { "1 person".to_owned() } else { format!("{} people", self.limit) };
        let why = format!(
            "{name} keeps access although {cause}, because the brake lets pushes take access from at most {most} at a time: \
             an administrator decides."
        );
        Entry::new(Subject::User(user), EntryKind::LossHeld, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_of_people_and_percent_counts_but_a_small_team_may_change() {
        let limit =
            |people, percent, all| BrakePolicy { people, percent, ..BrakePolicy::default() }.limit(all);
        for (people, percent, all, wanted) in [
            (200, 10, 50_000, Some(200)),
            (200, 10, 1_000, Some(100)),
            (200, 10, 20, Some(5)),
            (200, 10, 0, Some(5)),
            (3, 10, 20, Some(3)),
            (200, 100, 100, Some(100)),
            (0, 10, 100, None),
        ] {
            assert_eq!(limit(people, percent, all), wanted, "{people} people, {percent} % of {all}");
        }
    }
}
