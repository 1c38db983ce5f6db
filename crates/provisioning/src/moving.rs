//! Who may be moved from one pool to another one.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{grant::GrantSource, id::PoolId, person::Person, pool::Pool, seat::SeatState};

/// People who are to be moved, one after the other, while the other pool has room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moving {
    from: PoolId,
    to: PoolId,
    /// Bought seats of the other pool that are free and for which no person waits.
    room: u32,
}

/// Why a person stays in the pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "why", content = "through", rename_all = "kebab-case")]
pub enum Stays {
    /// The other pool has no free seat.
    NoSeat,
    /// The licence comes through this, and not by hand alone.
    NotByHand(String),
    /// Nothing gives the licence any more: the seat is kept for a grace, or by the brake.
    Kept,
    /// The person is not active, and keeps the seat for the grace.
    NotActive,
    /// An administrator withholds a seat of one of the two.
    Withheld,
}

impl Moving {
    /// People are to be moved from one pool to another one, for which so many wait who would be served first.
    #[must_use]
    pub fn new(from: PoolId, to: &Pool, waiting: u32, now: DateTime<Utc>) -> Self {
        let free = if to.is_expired(now) { 0 } else { to.seats.saturating_sub(to.used) };
        Self { from, to: to.id, room: free.saturating_sub(waiting) }
    }

    /// Whether a person is moved: one whose licence was given by hand, and for whom there is a seat if the person is to have one.
    ///
    /// # Errors
    /// Why not.
    pub fn decide(&mut self, person: &Person) -> Result<(), Stays> {
        let mut sources =
            person.grants.iter().filter(|grant| grant.pool == self.from).map(|grant| &grant.source);
        let other = sources.clone().find(|source| **source != GrantSource::ByHand);
        if let Some(other) = other {
            return Err(Stays::NotByHand(other.to_string()));
        }
        if sources.next().is_none() || person.kept.pools.contains(&self.from) {
            return Err(Stays::Kept);
        }
        if [self.from, self.to].iter().any(|pool| person.hand.withheld.contains(pool)) {
            return Err(Stays::Withheld);
        }
        let is_seated = |pool| person.seat_in(pool).is_some_and(|seat| seat.state == SeatState::Assigned);
        if !person.is_let_in() {
            return if is_seated(self.from) { Err(Stays::NotActive) } else { Ok(()) };
        }
        if !is_seated(self.to) {
            self.room = self.room.checked_sub(1).ok_or(Stays::NoSeat)?;
        }
        Ok(())
    }
}
