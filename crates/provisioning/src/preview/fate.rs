//! What would follow for one person, and why nothing would.

use std::collections::BTreeSet;

use super::{Preview, Standing};
use crate::{grant::Grant, id::PoolId, person::Person, seat::SeatState, words::words};

/// What would follow for one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is told by itself")]
pub struct Fate {
    /// The application lets them in, and did not before.
    pub gets_access: bool,
    /// The application locks them out, and did not before.
    pub loses_access: bool,
    /// Pools in which they get a seat.
    pub seats: Vec<PoolId>,
    /// Pools for which they wait from then on.
    pub places: Vec<PoolId>,
    /// Whether a full pool turns them away.
    pub refused: bool,
    /// Pools whose seat goes back, at once or after a grace.
    pub lost_seats: Vec<PoolId>,
    /// Pools whose queue they leave without a seat.
    pub lost_places: Vec<PoolId>,
    /// Whether they lose access, and need a restore from a backup when they come back after the grace (S-59).
    pub owes_restore: bool,
}

impl Fate {
    /// Whether nothing would follow.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Why nothing would follow for a person whom the change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unaffected {
    /// They have a seat, and keep it.
    Seated,
    /// They wait already.
    Waiting,
    /// It is a test user of its connection.
    TestUser,
    /// Their account is switched off.
    SwitchedOff,
    /// An administrator deactivated them, or they are held for a foreign domain.
    ByHand,
    /// An administrator withholds their seat.
    Withheld,
    /// All seats are taken and the pool takes no waiters, as before.
    Full,
    /// The pool has expired.
    Expired,
    /// They are not entitled to the pool, neither before nor after.
    NotEntitled,
}

words!(Unaffected, "reason", {
    Seated => "seated",
    Waiting => "waiting",
    TestUser => "test-user",
    SwitchedOff => "switched-off",
    ByHand => "by-hand",
    Withheld => "withheld",
    Full => "full",
    Expired => "expired",
    NotEntitled => "not-entitled",
});

impl Unaffected {
    /// The reason in plain words, about one person or several.
    #[must_use]
    pub const fn plain(self) -> &'static str {
        match self {
            Self::Seated => "the seat is there already and stays",
            Self::Waiting => "already in the queue",
            Self::TestUser => "a test user of the connection",
            Self::SwitchedOff => "the account is switched off",
            Self::ByHand => "an administrator keeps them out",
            Self::Withheld => "an administrator withholds the seat",
            Self::Full => "all seats are taken, and the pool takes no waiters",
            Self::Expired => "the pool has expired",
            Self::NotEntitled => "not entitled to the pool",
        }
    }
}

impl Preview {
    /// What would follow for a person.
    pub(super) fn fate(&self, standing: &Standing) -> Fate {
        let before = &standing.before;
        let entitled =
            before.granted(|id| self.stock.get(&id).is_some_and(|pool| !pool.is_expired(self.now)));
        let Some(after) = &standing.after else {
            return Fate {
                loses_access: before.enrolment.has_access(),
                lost_seats: before.assigned().map(|seat| seat.pool).collect(),
                lost_places: before.waiting().map(|place| place.pool).collect(),
                owes_restore: before.enrolment.has_access() && before.enrolment.owes_restore(),
                ..Fate::default()
            };
        };
        let left = after.granted(|id| self.pools.get(&id).is_some_and(|pool| !pool.is_expired(self.now)));
        // A seat whose last reason goes is kept for a grace at most.
        let goes = |pool: PoolId| {
            after.seat_in(pool).is_none() || (entitled.contains(&pool) && !left.contains(&pool))
        };
        let state = |person: &Person, pool: PoolId| person.seat_in(pool).map(|seat| seat.state);
        let new = |pool: PoolId| state(before, pool) != state(after, pool);
        let (had, has) = (before.enrolment.has_access(), after.enrolment.has_access());
        let missing = |pool: &PoolId| after.seat_in(*pool).is_none() && !entitled.contains(pool);
        Fate {
            gets_access: has && !had,
            loses_access: had && !has,
            seats: after.assigned().map(|seat| seat.pool).filter(|pool| new(*pool)).collect(),
            places: after.waiting().map(|place| place.pool).filter(|pool| new(*pool)).collect(),
            refused: standing.refused || self.wanted(after).iter().any(missing),
            lost_seats: before.assigned().map(|seat| seat.pool).filter(|pool| goes(*pool)).collect(),
            lost_places: before.waiting().map(|place| place.pool).filter(|pool| goes(*pool)).collect(),
            owes_restore: had && !has && before.enrolment.owes_restore(),
        }
    }

    /// Why nothing would follow for a person, with regard to the pools that the change is about.
    pub(super) fn reason(&self, standing: &Standing) -> Unaffected {
        let person = standing.after.as_ref().unwrap_or(&standing.before);
        let granted: BTreeSet<PoolId> = person.granted(|pool| self.concerned.contains(&pool));
        let holds = |state: SeatState| {
            person.seats.iter().any(|seat| seat.state == state && self.concerned.contains(&seat.pool))
        };
        let expired = |pool: &PoolId| self.pools.get(pool).is_some_and(|pool| pool.is_expired(self.now));
        if holds(SeatState::Assigned) {
            Unaffected::Seated
        } else if holds(SeatState::Waiting) {
            Unaffected::Waiting
        } else if granted.is_empty() {
            let withheld = |grant: &Grant| {
                self.concerned.contains(&grant.pool) && person.hand.withheld.contains(&grant.pool)
            };
            if person.grants.iter().any(withheld) { Unaffected::Withheld } else { Unaffected::NotEntitled }
        } else if person.test_user {
            Unaffected::TestUser
        } else if !person.active {
            Unaffected::SwitchedOff
        } else if !person.is_let_in() {
            Unaffected::ByHand
        } else if granted.iter().all(expired) {
            Unaffected::Expired
        } else {
            Unaffected::Full
        }
    }
}
