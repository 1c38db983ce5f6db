//! The facts about one person that the rules look at.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    enrolment::Enrolment,
    grant::Grant,
    id::{PoolId, UserId},
    policy::Policy,
    pool::Pool,
    seat::{Seat, SeatState},
};

/// A person as the rules see them: what stands, what they hold, where their enrolment is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// The name that reasons use, such as the `userName`.
    pub name: String,
    /// What the identity provider says: `active`.
    pub active: bool,
    /// What an administrator says, whatever the identity provider pushes.
    #[serde(default)]
    pub hand: Hand,
    /// Every grant that stands, those of expired pools included.
    pub grants: Vec<Grant>,
    /// Every seat held or waited for.
    pub seats: Vec<Seat>,
    /// Their journey into the application.
    pub enrolment: Enrolment,
    /// Whether it is a test user of the connection that owns it, which identity providers make to try the connection: no
    /// person, so it gets nothing and is not counted (J-04).
    #[serde(default)]
    pub test_user: bool,
    /// What the brake keeps for the person although a push took it.
    #[serde(default)]
    pub kept: Kept,
    /// Whether no push may take the person's access: the last administrator, or a break-glass account.
    #[serde(default)]
    pub protected: bool,
    /// The delays that apply: those of the connection that owns the person, or the tenant's.
    pub policy: Policy,
}

/// What an administrator has said about a person by hand: it outlasts every push until an administrator takes it back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hand {
    /// Whether the person is deactivated by hand.
    pub deactivated: bool,
    /// The domain for which the person is held, which is none of the tenant's, until an administrator releases them.
    pub held: Option<String>,
    /// The pools whose seat is withheld, whatever grants stand.
    pub withheld: BTreeSet<PoolId>,
}

/// What the brake keeps for a person although a push took it, until an administrator decides or a push gives it back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Kept {
    /// The account was switched off, or got an address in a foreign domain, and counts as let in.
    pub active: bool,
    /// The account was deleted, and the person stays.
    pub account: bool,
    /// The pools whose last grant ended, and of which the person keeps the seat.
    pub pools: BTreeSet<PoolId>,
}

impl Kept {
    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Person {
    /// Whether identity provider and administrators all let the person in; a test user never is.
    #[must_use]
    pub const fn is_let_in(&self) -> bool {
        (self.active && self.hand.held.is_none() || self.kept.active)
            && !self.hand.deactivated
            && !self.test_user
    }

    /// The pools with a standing grant that have not expired and are not withheld, whether the person is active or not.
    ///
    /// A pool that is missing from `pools` counts as deleted.
    #[must_use]
    pub fn entitled(&self, pools: &[Pool], now: DateTime<Utc>) -> BTreeSet<PoolId> {
        self.granted(|id| pools.iter().any(|pool| pool.id == id && !pool.is_expired(now)))
    }

    /// The seat or waiting place in a pool.
    #[must_use]
    pub fn seat_in(&self, pool: PoolId) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.pool == pool)
    }

    /// The seats held.
    pub fn assigned(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|seat| seat.state == SeatState::Assigned)
    }

    /// The places in queues.
    pub fn waiting(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|seat| seat.state == SeatState::Waiting)
    }

    /// The pools with a standing grant, or kept by the brake, that are not withheld and pass a test.
    pub(crate) fn granted(&self, counts: impl Fn(PoolId) -> bool) -> BTreeSet<PoolId> {
        let counts = |id: &PoolId| !self.hand.withheld.contains(id) && counts(*id);
        let granted = self.grants.iter().map(|grant| grant.pool);
        granted.chain(self.kept.pools.iter().copied()).filter(counts).collect()
    }

    /// Whether any seat is held.
    pub(crate) fn is_seated(&self) -> bool {
        self.assigned().next().is_some()
    }
}
