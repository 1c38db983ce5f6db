//! The order of a waiting list: the one rule by which free seats go to the people who wait.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use crate::{
    grant::GrantSource,
    id::{PoolId, UserId},
    person::Person,
    seat::Seat,
};

/// The highest priority that a binding may have; 0 is the lowest, and that of a binding for which none was said.
pub const HIGHEST_PRIORITY: u16 = 1000;

/// A place in the queue of a pool. Places sort in the order in which they are served: the higher priority, then the longer
/// wait, then the smaller id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    priority: Reverse<u16>,
    since: DateTime<Utc>,
    /// Whose place it is.
    pub user: UserId,
}

impl Position {
    /// The place of a person with a priority who waits since an instant.
    #[must_use]
    pub const fn new(priority: u16, since: DateTime<Utc>, user: UserId) -> Self {
        Self { priority: Reverse(priority), since, user }
    }
}

impl Person {
    /// With which priority the person is served in a pool: the highest of the bindings that cover them, or of whose groups they linger. A grant by hand, by a
    /// rule or by default counts as a binding without a priority.
    #[must_use]
    pub fn priority_in(&self, pool: PoolId) -> u16 {
        let priority = |source: &GrantSource| match source {
            GrantSource::Binding { priority, .. } | GrantSource::Lingering { priority, .. } => *priority,
            GrantSource::ByHand | GrantSource::Attribute { .. } | GrantSource::Default => 0,
        };
        let grants = self.grants.iter().filter(|grant| grant.pool == pool);
        grants.map(|grant| priority(&grant.source)).max().unwrap_or(0)
    }

    /// The place in the queue that a seat for which the person waits stands for.
    #[must_use]
    pub fn position(&self, place: &Seat) -> Position {
        Position::new(self.priority_in(place.pool), place.since, self.id)
    }
}
