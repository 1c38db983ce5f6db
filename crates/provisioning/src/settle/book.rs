//! The book of one settlement: the pools as they stand, and what has been decided so far.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    cause::Cause,
    effect::Effect,
    id::{PoolId, UserId},
    journal::{Entry, EntryKind, Subject},
    person::Person,
    pool::{Pool, PoolPolicy},
    settle::Decision,
};

/// The state of one settlement.
pub(super) struct Book<'a> {
    pub(super) cause: &'a Cause,
    pub(super) now: DateTime<Utc>,
    pub(super) pools: BTreeMap<PoolId, Pool>,
    decision: Decision,
}

impl<'a> Book<'a> {
    pub(super) fn open(pools: &[Pool], cause: &'a Cause, now: DateTime<Utc>) -> Self {
        let pools = pools.iter().map(|pool| (pool.id, pool.clone())).collect();
        Self { cause, now, pools, decision: Decision::default() }
    }

    pub(super) fn close(self) -> Decision {
        self.decision
    }

    /// The pools in which a person is to have a seat: let in, and a grant that is not withheld, whose pool has not expired.
    pub(super) fn wanted(&self, person: &Person) -> BTreeSet<PoolId> {
        if !person.is_let_in() {
            return BTreeSet::new();
        }
        person.granted(|id| self.pools.get(&id).is_some_and(|pool| !pool.is_expired(self.now)))
    }

    /// Whether a pool has a seat to give.
    pub(super) fn admits(&self, pool: PoolId) -> bool {
        self.pools.get(&pool).is_some_and(|pool| pool.has_room() || pool.policy == PoolPolicy::Overage)
    }

    pub(super) fn pool_name(&self, pool: PoolId) -> String {
        self.pools.get(&pool).map_or_else(|| pool.to_string(), |known| known.name.clone())
    }

    /// Why a waiter is served; the cause is about another person.
    pub(super) fn seat_became_free(&self, pool: PoolId) -> String {
        format!("a seat became free in “{}”", self.pool_name(pool))
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.decision.effects.push(effect);
    }

    pub(super) fn entry(
        &mut self,
        user: UserId,
        kind: EntryKind,
        why: String,
        before: Option<Value>,
        after: Option<Value>,
    ) {
        self.decision.entries.push(Entry { subject: Subject::User(user), kind, why, before, after });
    }
}
